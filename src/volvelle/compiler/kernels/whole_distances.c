/* Squared distances of x from points of whole numbers; false where x has other numbers, or large ones.
   With the instructions for two products at once, two points share what is read of x: of every four numbers first those
   at even places, then those at odd ones. */
static bool vv_whole_distances(const VV_REAL *x, VV_REAL *y) {
    union { int16_t one[VV_COLUMNS]; uint32_t two[(VV_COLUMNS + 1) / 2]; } near;
    for (int i = 0; i < VV_COLUMNS; i++) {
        if (!(x[i] >= -VV_MOST && x[i] <= VV_MOST)) return false;
        const int16_t whole = (int16_t)x[i];
        if ((VV_REAL)whole != x[i]) return false;
#if defined(VV_DSP)
        near.one[i < VV_COLUMNS / 4 * 4 ? (i & ~3) | (i & 1) << 1 | (i >> 1 & 1) : i] = whole;
#else
        near.one[i] = whole;
#endif
    }
    VV_CONST VV_KIND *s = VV_POINTS;
    int j = 0;
#if defined(VV_DSP)
    for (; j + 1 < VV_ROWS; j += 2) {
        VV_CONST VV_KIND *t = s + VV_COLUMNS;
        const uint32_t *at = near.two;
        int32_t sum = 0, next = 0;
#pragma GCC unroll 2
        for (int i = VV_COLUMNS / 4; i > 0; i--, at += 2, s += 4, t += 4) {
            const uint32_t even = at[0], odd = at[1], first = vv_word(s), second = vv_word(t);
            uint32_t gap = vv_apart(even, VV_EVEN(first));
            sum = vv_dual(gap, gap, sum);
            gap = vv_apart(even, VV_EVEN(second));
            next = vv_dual(gap, gap, next);
            gap = vv_apart(odd, VV_ODD(first));
            sum = vv_dual(gap, gap, sum);
            gap = vv_apart(odd, VV_ODD(second));
            next = vv_dual(gap, gap, next);
        }
        for (int i = VV_COLUMNS / 4 * 4; i < VV_COLUMNS; i++) {
            const int32_t one = near.one[i] - *s++, two = near.one[i] - *t++;
            sum += one * one;
            next += two * two;
        }
        s = t;
        y[j] = (VV_REAL)sum;
        y[j + 1] = (VV_REAL)next;
    }
#endif
    for (; j < VV_ROWS; j++) {
        int32_t sum = 0;
        for (int i = 0; i < VV_COLUMNS; i++) {
            const int32_t gap = (int32_t)near.one[i] - *s++;
            sum += gap * gap;
        }
        y[j] = (VV_REAL)sum;
    }
    return true;
}
