/* y = W x + b, one row of W per answer. */
static void vv_dense_d(const double *x, const double *w, const double *b, double *y, int n, int m) {
    for (int j = 0; j < m; j++, w += n) {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += w[i] * x[i];
        y[j] = b ? sum + b[j] : sum;
    }
}
