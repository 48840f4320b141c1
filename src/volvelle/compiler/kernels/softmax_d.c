/* exp(x) as shares of their sum, row by row; the largest is taken off before, against overflow. */
static void vv_softmax_d(const double *x, double *y, int rows, int n) {
    for (int r = 0; r < rows; r++, x += n, y += n) {
        double most = x[0];
        for (int i = 1; i < n; i++)
            if (x[i] > most) most = x[i];
        double sum = 0;
        for (int i = 0; i < n; i++) sum += y[i] = vv_exp(x[i] - most);
        for (int i = 0; i < n; i++) y[i] /= sum;
    }
}
