/* A convolution of each of m channels by itself with windows of VV_TALL x VV_WIDE; all answers between two bounds. */
static void vv_depth(const VV_REAL *x, VV_CONST VV_REAL *w, VV_CONST VV_REAL *b, VV_REAL *y, VV_REAL low, VV_REAL high, int m,
                     int h, int v, int oh, int ov, int sh, int sv, int ph, int pv) {
    for (int o = 0; o < m; o++, x += h * v, w += VV_TALL * VV_WIDE)
        for (int r = 0; r < oh; r++) {
            const int top = r * sh - ph, i0 = top < 0 ? -top : 0, i1 = top + VV_TALL > h ? h - top : VV_TALL;
            for (int q = 0; q < ov; q++) {
                const int left = q * sv - pv, j0 = left < 0 ? -left : 0, j1 = left + VV_WIDE > v ? v - left : VV_WIDE;
                VV_REAL sum = b ? b[o] : 0;
                for (int i = i0; i < i1; i++) {
                    const VV_REAL *row = x + (top + i) * v + left;
                    VV_CONST VV_REAL *at = w + i * VV_WIDE;
                    if (j1 - j0 == VV_WIDE) {
#pragma GCC unroll VV_WIDE
                        for (int j = 0; j < VV_WIDE; j++) sum += at[j] * row[j];
                    } else {
                        for (int j = j0; j < j1; j++) sum += at[j] * row[j];
                    }
                }
                *y++ = sum < low ? low : sum > high ? high : sum;
            }
        }
}
