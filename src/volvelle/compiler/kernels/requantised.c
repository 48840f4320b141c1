/* A sum times a scale, to the nearest, plus a zero point, between two bounds. Without a floating-point unit the product is
   made in whole numbers: 16 bits of the scale's 24 tell the answer unless it lies near the middle of two, or the scale is
   an unusual one, and then real numbers do. So the answers are the same. */
static int32_t vv_requantised(int32_t sum, float scale, int zero, int least, int most) {
#if defined(__thumb__) && !defined(__ARM_FP) || defined(__riscv) && !defined(__riscv_flen)
    const union { float value; uint32_t bits; } told = {scale};
    const int32_t factor = (int32_t)((told.bits >> 8 & 0x7FFFu) | 0x8000u);
    int32_t at, bits = 126 - (int32_t)(told.bits >> 23);
    if (bits > 6) {
        at = (sum >> 16) * factor + (int32_t)(((uint32_t)sum & 0xFFFFu) * (uint32_t)factor >> 16);
    } else {
        if (sum > 32767) return most;
        if (sum < -32768) return least;
        at = sum * factor;
        bits += 16;
    }
    if (bits > 6 && bits < 23) {
        if ((at >> bits) > most - zero) return most;
        if ((at >> bits) < least - zero - 1) return least;
        const int32_t one = 1 << bits, whole = (at + (one >> 1)) >> bits, rest = (at + (one >> 1)) & (one - 1);
        if (rest > one >> 6 && rest < one - (one >> 6) - 1) {
            return whole < least - zero ? least : whole > most - zero ? most : whole + zero;
        }
    }
#endif
    return vv_rescaled(sum, scale, zero, least, most);
}
