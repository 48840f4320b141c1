/* y = W x + b in whole numbers, times a scale (of each answer, or of all), to the nearest, plus a zero point.
   With the instructions for two products at once, two answers share what is read of x. */
static void vv_q_dense_int8(const int8_t *x, const signed char *w, const int32_t *b, const float *scale, int8_t *y, int n,
                            int m, int each, int zero, int least, int most) {
    int j = 0;
#if defined(VV_DSP)
    for (; j + 1 < m; j += 2) {
        const int8_t *at = x;
        const signed char *v = w + n;
        int32_t sum = b[j], next = b[j + 1];
        for (int i = n >> 2; i > 0; i--, at += 4, w += 4, v += 4) {
            const uint32_t four = vv_word(at), first = vv_word(w), second = vv_word(v);
            const uint32_t even = vv_even_int8(four), odd = vv_odd_int8(four);
            sum = vv_dual(odd, vv_odds(first), vv_dual(even, vv_evens(first), sum));
            next = vv_dual(odd, vv_odds(second), vv_dual(even, vv_evens(second), next));
        }
        for (int i = n & 3; i > 0; i--, at++) {
            sum += (int32_t)*w++ * *at;
            next += (int32_t)*v++ * *at;
        }
        w = v;
        y[j] = (int8_t)vv_requantised(sum, scale[each ? j : 0], zero, least, most);
        y[j + 1] = (int8_t)vv_requantised(next, scale[each ? j + 1 : 0], zero, least, most);
    }
#endif
    for (; j < m; j++) {
        int32_t sum = b[j];
        for (int i = 0; i < n; i++) sum += (int32_t)*w++ * x[i];
        y[j] = (int8_t)vv_requantised(sum, scale[each ? j : 0], zero, least, most);
    }
}
