/* x <= split, for a split that is a number and not -0. Without a floating-point unit by the order of the bits. */
static inline bool vv_at_most(float x, float split) {
#if defined(__thumb__) && !defined(__ARM_FP) || defined(__riscv) && !defined(__riscv_flen)
    union { float value; int32_t bits; } a, b;
    a.value = x;
    b.value = split;
    if ((uint32_t)a.bits << 1 > 0xff000000u) return false;
    return (a.bits ^ (a.bits >> 31 & 0x7fffffff)) <= (b.bits ^ (b.bits >> 31 & 0x7fffffff));
#else
    return x <= split;
#endif
}
