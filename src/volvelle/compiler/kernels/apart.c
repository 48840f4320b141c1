/* The differences of two pairs of halves. */
#if defined(VV_DSP)
static inline uint32_t vv_apart(uint32_t a, uint32_t b) {
    uint32_t two;
    __asm__("ssub16 %0, %1, %2" : "=r"(two) : "r"(a), "r"(b));
    return two;
}
#endif
