/* A convolution with windows of one element over n places: c channels go in, m come out. Four places share what is read
   of w; the last four may begin among those that are made, which then stay. With the instructions for two products at once,
   channels are taken in fours, as the pairs of those at even and odd places of a word of w. Channels lie `near` elements
   apart in x and `far` in y. */
static void vv_q_point_int8(const int8_t *x, VV_WEIGHT signed char *w, VV_CONST int32_t *b, VV_CONST float *scale, int8_t *y, int c,
                            int m, int n, int near, int far, int each, int zero, int least, int most) {
    for (int o = 0; o < m; o++, w += c, y += far) {
        int p = 0;
        while (p < n && n > 3) {
            const int from = p > n - 4 ? n - 4 : p;
            const int8_t *at = x + from;
            int32_t sum[4] = {b[o], b[o], b[o], b[o]};
            int k = 0;
#if defined(VV_DSP)
            for (; k < c - 3; k += 4, at += 4 * near) {
                const uint32_t four = vv_word(w + k);
#pragma GCC unroll 2
                for (int i = 0; i < 2; i++) {
                    const uint32_t first = vv_word(at + i * near), third = vv_word(at + (i + 2) * near);
                    const uint32_t pair = i == 0 ? vv_evens(four) : vv_odds(four);
                    const uint32_t even = vv_even_int8(first), odd = vv_odd_int8(first);
                    const uint32_t evens = vv_even_int8(third), odds = vv_odd_int8(third);
                    sum[0] = vv_dual((even & 0xFFFFu) | evens << 16, pair, sum[0]);
                    sum[1] = vv_dual((odd & 0xFFFFu) | odds << 16, pair, sum[1]);
                    sum[2] = vv_dual((evens & 0xFFFF0000u) | even >> 16, pair, sum[2]);
                    sum[3] = vv_dual((odds & 0xFFFF0000u) | odd >> 16, pair, sum[3]);
                }
            }
#endif
            for (; k < c; k++, at += near) {
#pragma GCC unroll 4
                for (int i = 0; i < 4; i++) sum[i] += w[k] * at[i];
            }
            for (; p < from + 4; p++)
                y[p] = (int8_t)vv_requantised(sum[p - from], scale[each ? o : 0], zero, least, most);
        }
        for (; p < n; p++) {
            int32_t sum = b[o];
            for (int k = 0; k < c; k++) sum += w[k] * x[k * near + p];
            y[p] = (int8_t)vv_requantised(sum, scale[each ? o : 0], zero, least, most);
        }
    }
}
