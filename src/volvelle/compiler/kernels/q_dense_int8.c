/* y = W x + b in whole numbers, times a scale (of each answer, or of all), to the nearest, plus a zero point. */
static void vv_q_dense_int8(const int8_t *x, const signed char *w, const int32_t *b, const float *scale, int8_t *y, int n,
                            int m, int each, int zero, int least, int most) {
    for (int j = 0; j < m; j++, w += n) {
        int32_t sum = b[j];
        for (int i = 0; i < n; i++) sum += (int32_t)w[i] * x[i];
        const float real = (float)sum * scale[each ? j : 0];
        y[j] = (int8_t)(vv_nearest(real, (float)(least - zero), (float)(most - zero)) + zero);
    }
}
