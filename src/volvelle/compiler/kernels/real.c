/* A float by its bits. */
static inline float vv_real(int32_t bits) {
    union { int32_t bits; float value; } real;
    real.bits = bits;
    return real.value;
}
