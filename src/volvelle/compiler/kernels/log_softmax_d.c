/* The logarithm of softmax, row by row. */
static void vv_log_softmax_d(const double *x, double *y, int rows, int n) {
    for (int r = 0; r < rows; r++, x += n, y += n) {
        double most = x[0];
        for (int i = 1; i < n; i++)
            if (x[i] > most) most = x[i];
        double sum = 0;
        for (int i = 0; i < n; i++) sum += vv_exp(x[i] - most);
        const double less = vv_log(sum);
        for (int i = 0; i < n; i++) y[i] = x[i] - most - less;
    }
}
