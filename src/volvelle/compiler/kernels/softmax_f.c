/* exp(x) as shares of their sum, row by row; the largest is taken off before, against overflow. */
static void vv_softmax_f(const float *x, float *y, int rows, int n) {
    for (int r = 0; r < rows; r++, x += n, y += n) {
        float most = x[0];
        for (int i = 1; i < n; i++)
            if (x[i] > most) most = x[i];
        float sum = 0;
        for (int i = 0; i < n; i++) sum += y[i] = vv_expf(x[i] - most);
        for (int i = 0; i < n; i++) y[i] /= sum;
    }
}
