/* y = W x + b, one row of W per answer. */
static void vv_dense_f(const float *x, const float *w, const float *b, float *y, int n, int m) {
    for (int j = 0; j < m; j++, w += n) {
        float sum = 0;
        for (int i = 0; i < n; i++) sum += w[i] * x[i];
        y[j] = b ? sum + b[j] : sum;
    }
}
