/* y = A B. */
static void vv_matmul_f(const float *a, const float *b, float *y, int n, int k, int m) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            float sum = 0;
            for (int p = 0; p < k; p++) sum += a[i * k + p] * b[p * m + j];
            y[i * m + j] = sum;
        }
}
