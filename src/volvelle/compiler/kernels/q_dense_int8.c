/* y = W x + b in whole numbers, times a scale (of each answer, or of all), to the nearest, plus a zero point.
   With the instructions for two products at once, four answers share what is read of x; the last four may be begun early
   and make some answers twice. */
static void vv_q_dense_int8(const int8_t *x, VV_WEIGHT signed char *w, VV_CONST int32_t *b, VV_CONST float *scale, int8_t *y, int n,
                            int m, int each, int zero, int least, int most) {
    int j = 0;
#if defined(VV_DSP)
    for (int first = 0; m > 3 && j < m; first += 4) {
        if (first > m - 4) first = m - 4;
        VV_WEIGHT signed char *at = w + first * n;
        int32_t sum[4] = {b[first], b[first + 1], b[first + 2], b[first + 3]};
        int i = 0;
        for (; i < n - 3; i += 4, at += 4) {
            const uint32_t four = vv_word(x + i), even = vv_even_int8(four), odd = vv_odd_int8(four);
#pragma GCC unroll 4
            for (int k = 0; k < 4; k++) {
                const uint32_t row = vv_word(at + k * n);
                sum[k] = vv_dual(odd, vv_odds(row), vv_dual(even, vv_evens(row), sum[k]));
            }
        }
        for (; i < n; i++, at++) {
#pragma GCC unroll 4
            for (int k = 0; k < 4; k++) sum[k] += at[k * n] * x[i];
        }
        for (j = first; j < first + 4; j++)
            y[j] = (int8_t)vv_requantised(sum[j - first], scale[each ? j : 0], zero, least, most);
    }
#endif
    for (; j < m; j++) {
        VV_WEIGHT signed char *at = w + j * n;
        int32_t sum = b[j];
        for (int i = 0; i < n; i++) sum += *at++ * x[i];
        y[j] = (int8_t)vv_requantised(sum, scale[each ? j : 0], zero, least, most);
    }
}
