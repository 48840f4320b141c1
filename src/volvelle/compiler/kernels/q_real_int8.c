/* y = W x + b in whole numbers, times a scale (of each answer, or of all), as real numbers. */
static void vv_q_real_int8(const int8_t *x, VV_WEIGHT signed char *w, VV_CONST int32_t *b, VV_CONST float *scale, float *y, int n, int m,
                           int each) {
    for (int j = 0; j < m; j++) {
        int32_t sum = b[j];
        for (int i = 0; i < n; i++) sum += *w++ * x[i];
        y[j] = (float)sum * scale[each ? j : 0];
    }
}
