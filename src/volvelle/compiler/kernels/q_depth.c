/* A convolution in whole numbers of each of m channels by itself, windows of VV_TALL x 3. Where there is a
   margin, `back` is taken off what goes in; else it is part of b. With the instructions for two products at once, three
   neighbours of a row of four are taken as the pairs of those at even and odd places; at the ends of a row weights are shifted
   to where its first or last four elements lie. */
static void vv_q_depth(const VV_KIND *x, VV_WEIGHT signed char *w, VV_CONST int32_t *b, VV_CONST float *scale, VV_KIND *y, int back,
                       int each, int zero, int least, int most, int m, int h, int v, int oh, int ov, int sh, int sv,
                       int ph, int pv) {
    for (int o = 0; o < m; o++, x += h * v, w += VV_TALL * 3) {
#if defined(VV_DSP)
        const uint32_t backs = ((uint32_t)back & 0xFFFFu) | (uint32_t)back << 16;
        uint32_t pairs[VV_TALL], rests[VV_TALL], words[VV_TALL];
        for (int i = 0; i < VV_TALL; i++) {
            pairs[i] = ((uint32_t)w[i * 3] & 0xFFFFu) | (uint32_t)w[i * 3 + 2] << 16;
            rests[i] = (uint32_t)w[i * 3 + 1] & 0xFFFFu;
            words[i] = (pairs[i] & 0xFF00FFu) | (rests[i] & 0xFFu) << 8;
        }
#endif
        for (int r = 0; r < oh; r++) {
            const int top = r * sh - ph, i0 = top < 0 ? -top : 0, i1 = top + VV_TALL > h ? h - top : VV_TALL;
            for (int q = 0; q < ov; q++) {
                const int left = q * sv - pv, j0 = left < 0 ? -left : 0, j1 = left + 3 > v ? v - left : 3;
                const VV_KIND *row = x + (top + i0) * v + left;
                int32_t sum = b[o];
#if defined(VV_DSP)
                if (left >= 0 && left + 3 < v) {
                    for (int i = i0; i < i1; i++, row += v) {
                        const uint32_t four = vv_word(row);
                        sum = vv_dual(vv_apart(VV_EVEN(four), backs), pairs[i], sum);
                        sum = vv_dual(vv_apart(VV_ODD(four), backs), rests[i], sum);
                    }
                } else if (v > 3 && left > -3 && left < v) {
                    const int begin = left < 0 ? 0 : v - 4;
                    const int up = left > begin ? 8 * (left - begin) : 0, down = left < begin ? -8 * left : 0;
                    row = x + (top + i0) * v + begin;
                    for (int i = i0; i < i1; i++, row += v) {
                        const uint32_t four = vv_word(row), near = words[i] << up >> down;
                        sum = vv_dual(vv_apart(VV_EVEN(four), backs), vv_evens(near), sum);
                        sum = vv_dual(vv_apart(VV_ODD(four), backs), vv_odds(near), sum);
                    }
                } else
#endif
                for (int i = i0; i < i1; i++, row += v) {
                    VV_WEIGHT signed char *at = w + i * 3;
                    for (int j = j0; j < j1; j++) sum += at[j] * (row[j] - back);
                }
                *y++ = (VV_KIND)vv_requantised(sum, scale[each ? o : 0], zero, least, most);
            }
        }
    }
}
