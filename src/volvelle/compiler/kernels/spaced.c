/* n weights: so many zeros, then the next weight that is none. A gap of all ones goes on in the one behind it. */
static void vv_spaced(VV_CONST uint8_t *gaps, uint32_t *at, int width, VV_CONST signed char **next, int32_t *zeros,
                      signed char *to, int n) {
    const int32_t full = (1 << width) - 1;
    for (int i = 0; i < n; i++) {
        if (*zeros < 0) {
            int32_t gap;
            *zeros = 0;
            do {
                gap = (int32_t)vv_bits(gaps, *at, width);
                *at += (uint32_t)width;
                *zeros += gap;
            } while (gap == full);
        }
        to[i] = (*zeros)-- > 0 ? 0 : *(*next)++;
    }
}
