/* A convolution in whole numbers: c channels of each group go in, m come out, of which each group makes g.
   Where there is a margin, `back` is taken off what goes in; else it is part of b. */
static void vv_q_conv_int8(const int8_t *x, const signed char *w, const int32_t *b, const float *scale, int8_t *y, int back,
                           int each, int zero, int least, int most, int c, int m, int g, int h, int v, int oh, int ov,
                           int kh, int kv, int sh, int sv, int dh, int dv, int ph, int pv) {
    for (int o = 0; o < m; o++, w += c * kh * kv)
        for (int r = 0; r < oh; r++) {
            const int top = r * sh - ph;
            int i0 = 0, i1 = kh;
            while (top + i0 * dh < 0) i0++;
            while (i1 > i0 && top + (i1 - 1) * dh >= h) i1--;
            for (int q = 0; q < ov; q++) {
                const int left = q * sv - pv;
                int j0 = 0, j1 = kv;
                while (left + j0 * dv < 0) j0++;
                while (j1 > j0 && left + (j1 - 1) * dv >= v) j1--;
                int32_t sum = b[o];
                for (int k = 0; k < c; k++)
                    for (int i = i0; i < i1; i++) {
                        const int8_t *row = x + ((o / g * c + k) * h + top + i * dh) * v + left + j0 * dv;
                        const signed char *at = w + (k * kh + i) * kv;
                        for (int j = j0; j < j1; j++, row += dv) sum += (int32_t)at[j] * (*row - back);
                    }
                *y++ = (int8_t)vv_requantised(sum, scale[each ? o : 0], zero, least, most);
            }
        }
}
