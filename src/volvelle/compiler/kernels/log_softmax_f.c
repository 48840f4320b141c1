/* The logarithm of softmax, row by row. */
static void vv_log_softmax_f(const float *x, float *y, int rows, int n) {
    for (int r = 0; r < rows; r++, x += n, y += n) {
        float most = x[0];
        for (int i = 1; i < n; i++)
            if (x[i] > most) most = x[i];
        float sum = 0;
        for (int i = 0; i < n; i++) sum += vv_expf(x[i] - most);
        const float less = vv_logf(sum);
        for (int i = 0; i < n; i++) y[i] = x[i] - most - less;
    }
}
