/* y = W x + b in double, of weights that are floats. */
static void vv_dense_ds(const double *x, const float *w, const double *b, double *y, int n, int m) {
    for (int j = 0; j < m; j++, w += n) {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += (double)w[i] * x[i];
        y[j] = b ? sum + b[j] : sum;
    }
}
