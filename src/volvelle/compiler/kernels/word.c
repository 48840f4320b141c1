/* Four bytes at any address. */
#if defined(VV_DSP)
static inline uint32_t vv_word(const void *at) {
    uint32_t value;
    __builtin_memcpy(&value, at, 4);
    return value;
}
#endif
