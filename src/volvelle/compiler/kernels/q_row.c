/* One row of a convolution in whole numbers of each of m channels by itself, windows of VV_TALL x 3. Of a picture of h rows
   of v elements, `lines` rows of every channel lie in x in turn; the window begins at row `top`, its first answer at place
   -pv. `back` and the pairs are those of the kernel for a whole picture; VV_TALL rows are always taken, with pairs of 0 for
   those that the window does not reach. */
static void vv_q_row(const VV_KIND *x, VV_WEIGHT signed char *w, VV_CONST int32_t *b, VV_CONST float *scale, VV_KIND *y, int back,
                     int each, int zero, int least, int most, int m, int top, int lines, int h, int v, int ov, int sv,
                     int pv) {
    const int i0 = top < 0 ? -top : 0, i1 = top + VV_TALL > h ? h - top : VV_TALL;
    int at[VV_TALL];
    for (int i = i0; i < i1; i++) at[i] = (top + i) % lines;
#if defined(VV_DSP)
    const int begin = lines == VV_TALL || top < 0 ? 0 : top > h - VV_TALL ? h - VV_TALL : top;
    const uint32_t backs = ((uint32_t)back & 0xFFFFu) | (uint32_t)back << 16;
    uint32_t pairs[VV_TALL] = {0}, rests[VV_TALL] = {0};
#endif
    for (int o = 0; o < m; o++, x += lines * v, w += VV_TALL * 3) {
#if defined(VV_DSP)
        for (int i = i0; i < i1; i++) {
            pairs[at[i] - begin] = ((uint32_t)w[i * 3] & 0xFFFFu) | (uint32_t)w[i * 3 + 2] << 16;
            rests[at[i] - begin] = (uint32_t)w[i * 3 + 1] & 0xFFFFu;
        }
#endif
        for (int q = 0; q < ov; q++) {
            const int left = q * sv - pv, j0 = left < 0 ? -left : 0, j1 = left + 3 > v ? v - left : 3;
            int32_t sum = b[o];
#if defined(VV_DSP)
            if (left >= 0 && left + 3 < v) {
                const VV_KIND *row = x + begin * v + left;
#pragma GCC unroll VV_TALL
                for (int k = 0; k < VV_TALL; k++, row += v) {
                    const uint32_t four = vv_word(row);
                    sum = vv_dual(vv_apart(VV_EVEN(four), backs), pairs[k], sum);
                    sum = vv_dual(vv_apart(VV_ODD(four), backs), rests[k], sum);
                }
            } else if (v > 3 && left > -3 && left < v) {
                const int side = left < 0 ? 0 : v - 4;
                const int up = left > side ? 8 * (left - side) : 0, down = left < side ? -8 * left : 0;
                const VV_KIND *row = x + begin * v + side;
#pragma GCC unroll VV_TALL
                for (int k = 0; k < VV_TALL; k++, row += v) {
                    const uint32_t three = (pairs[k] & 0xFF00FFu) | (rests[k] & 0xFFu) << 8;
                    const uint32_t four = vv_word(row), near = three << up >> down;
                    sum = vv_dual(vv_apart(VV_EVEN(four), backs), vv_evens(near), sum);
                    sum = vv_dual(vv_apart(VV_ODD(four), backs), vv_odds(near), sum);
                }
            } else
#endif
            for (int i = i0; i < i1; i++) {
                const VV_KIND *row = x + at[i] * v + left;
                for (int j = j0; j < j1; j++) sum += (int32_t)w[i * 3 + j] * (row[j] - back);
            }
            *y++ = (VV_KIND)vv_requantised(sum, scale[each ? o : 0], zero, least, most);
        }
    }
}
