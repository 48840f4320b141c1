/* Two products of halves added to a sum. */
#if defined(VV_DSP)
static inline int32_t vv_dual(uint32_t a, uint32_t b, int32_t sum) {
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}
#endif
