/* The second and fourth signed byte as two halves of a word. */
#if defined(VV_DSP)
static inline uint32_t vv_odds(uint32_t four) {
    uint32_t two;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(two) : "r"(four));
    return two;
}
#endif
