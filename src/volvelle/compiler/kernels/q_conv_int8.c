/* A convolution in whole numbers: c channels of each group go in, m come out, of which each group makes g.
   Where there is a margin, `back` is taken off what goes in; else it is part of b. Four neighbours whose windows lie inside
   of a row share what is read of w; the last four may begin among those that are made, which then stay. With the
   instructions for two products at once, elements two places apart are taken as pairs, four or three to a row; of a
   window of four that reaches over a margin, weights are shifted to where the first or last four elements of the row lie. */
static void vv_q_conv_int8(const int8_t *x, VV_WEIGHT signed char *w, VV_CONST int32_t *b, VV_CONST float *scale, int8_t *y, int back,
                           int each, int zero, int least, int most, int c, int m, int g, int h, int v, int oh, int ov,
                           int kh, int kv, int sh, int sv, int dh, int dv, int ph, int pv) {
    const int room = v - 1 - (kv - 1) * dv + pv, from = (pv + sv - 1) / sv;
    const int to = room < 0 ? 0 : room / sv + 1 < ov ? room / sv + 1 : ov;
    for (int o = 0; o < m; o++, w += c * kh * kv)
        for (int r = 0; r < oh; r++, y += ov) {
            const int top = r * sh - ph;
            int i0 = 0, i1 = kh;
            while (top + i0 * dh < 0) i0++;
            while (i1 > i0 && top + (i1 - 1) * dh >= h) i1--;
            const int line = (o / g * c * h + top + i0 * dh) * v - pv;
            int q = 0;
            while (q < ov) {
                int32_t sum[4] = {b[o], b[o], b[o], b[o]}, all = 0;
                const bool wide = q >= from && q < to && to - from > 3;
                const int first = wide && q > to - 4 ? to - 4 : q, end = first + (wide ? 4 : 1);
                int j0 = 0, j1 = kv;
                while (first * sv - pv + j0 * dv < 0) j0++;
                while (j1 > j0 && first * sv - pv + (j1 - 1) * dv >= v) j1--;
                const int8_t *block = x + (line + first * sv + j0 * dv);
                VV_WEIGHT signed char *rows = w + i0 * kv + j0;
#if defined(VV_DSP)
                const int left = first * sv - pv, side = left < 0 ? 0 : left > v - 4 ? v - 4 : left;
                if (!wide && kv == 4 && dv == 1 && v > 3 && left > -4 && left < v) {
                    const int up = left > side ? 8 * (left - side) : 0, down = left < side ? 8 * (side - left) : 0;
                    for (int k = 0; k < c; k++)
                        for (int i = i0; i < i1; i++) {
                            const uint32_t row = vv_word(w + (k * kh + i) * kv) << up >> down;
                            const uint32_t four = vv_word(x + (line + pv + (k * h + (i - i0) * dh) * v + side));
                            const uint32_t even = vv_evens(row), odd = vv_odds(row);
                            sum[0] = vv_dual(vv_odd_int8(four), odd, vv_dual(vv_even_int8(four), even, sum[0]));
                            all = vv_dual(odd, 0x10001u, vv_dual(even, 0x10001u, all));
                        }
                } else
#endif
                for (int i = 0; i < i1 - i0 && !wide; i++)
                    for (int j = 0; j < j1 - j0; j++)
                        for (int k = 0; k < c; k++)
                            sum[0] += rows[(k * kh + i) * kv + j] * (block[(k * h + i * dh) * v + j * dv] - back);
                for (int k = 0; k < c && wide; k++, block += h * v, rows += kh * kv) {
                    const int8_t *near = block;
                    VV_WEIGHT signed char *at = rows;
                    for (int i = i0; i < i1; i++, near += dh * v, at += kv) {
                        int j = 0;
#if defined(VV_DSP)
                        for (; j < kv - 2 && sv > 1 && dv == 1; j += 4) {
                            const bool whole = j + 3 < kv;
                            const uint32_t even = ((uint32_t)at[j] & 0xFFFFu) | (uint32_t)at[j + 2] << 16;
                            const uint32_t odd = ((uint32_t)at[j + 1] & 0xFFFFu) | (whole ? (uint32_t)at[j + 3] << 16 : 0);
#pragma GCC unroll 3
                            for (int t = 0; t < 3; t++) {
                                const uint32_t four = vv_word(near + j + t * sv);
                                sum[t] = vv_dual(vv_odd_int8(four), odd, vv_dual(vv_even_int8(four), even, sum[t]));
                            }
                            const uint32_t last = vv_word(near + j + 3 * sv - !whole);
                            const uint32_t one = vv_even_int8(last), two = vv_odd_int8(last);
                            sum[3] = vv_dual(whole ? one : two, even, sum[3]);
                            sum[3] = vv_dual(whole ? two : one, whole ? odd : odd << 16, sum[3]);
                            all = vv_dual(odd, 0x10001u, vv_dual(even, 0x10001u, all));
                        }
                        for (; j < kv - 1 && dv == 2; j += 2) {
                            const uint32_t pair = ((uint32_t)at[j] & 0xFFFFu) | (uint32_t)at[j + 1] << 16;
#pragma GCC unroll 3
                            for (int t = 0; t < 3; t++)
                                sum[t] = vv_dual(vv_even_int8(vv_word(near + j * 2 + t * sv)), pair, sum[t]);
                            sum[3] = vv_dual(vv_odd_int8(vv_word(near + j * 2 + 3 * sv - 1)), pair, sum[3]);
                            all = vv_dual(pair, 0x10001u, all);
                        }
                        for (; j < kv - 2 && sv == 1 && dv == 1; j += 4) {
                            const uint32_t begin = vv_word(near + j), behind = vv_word(near + j + 2);
                            const uint32_t one = vv_even_int8(begin), two = vv_odd_int8(begin);
                            const uint32_t three = vv_even_int8(behind), four = vv_odd_int8(behind);
                            uint32_t even = ((uint32_t)at[j] & 0xFFFFu) | (uint32_t)at[j + 2] << 16;
                            uint32_t odd = (uint32_t)at[j + 1] & 0xFFFFu, last = odd << 16, five = three;
                            if (j + 3 < kv) {
                                last = odd |= (uint32_t)at[j + 3] << 16;
                                five = vv_odd_int8(vv_word(near + j + 3));
                            }
                            sum[0] = vv_dual(two, odd, vv_dual(one, even, sum[0]));
                            sum[1] = vv_dual(three, odd, vv_dual(two, even, sum[1]));
                            sum[2] = vv_dual(four, odd, vv_dual(three, even, sum[2]));
                            sum[3] = vv_dual(five, last, vv_dual(four, even, sum[3]));
                            all = vv_dual(odd, 0x10001u, vv_dual(even, 0x10001u, all));
                        }
#endif
                        for (; j < kv; j++) {
                            const int8_t *cell = near + j * dv;
                            all += at[j];
#pragma GCC unroll 4
                            for (int t = 0; t < 4; t++) sum[t] += at[j] * cell[t * sv];
                        }
                    }
                }
                for (; q < end; q++)
                    y[q] = (int8_t)vv_requantised(sum[q - first] - back * all, scale[each ? o : 0], zero, least, most);
            }
        }
}
