/* y = A B; the sums of 32 products are added up. */
static void vv_matmul_f(const float *a, const float *b, float *y, int n, int k, int m) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            float sum = 0;
            for (int p = 0; p < k;) {
                const int end = k - p > 32 ? p + 32 : k;
                float part = 0;
                for (; p < end; p++) part += a[i * k + p] * b[p * m + j];
                sum += part;
            }
            y[i * m + j] = sum;
        }
}
