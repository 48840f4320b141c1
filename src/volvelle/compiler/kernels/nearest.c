/* The nearest whole number between two bounds, half to even: adding 1.5 * 2^23 leaves no bits behind the point. */
static inline int32_t vv_nearest(float x, float low, float high) {
    if (!(x > low)) x = low;
    if (x > high) x = high;
    union { float value; int32_t bits; } whole;
    whole.value = x + 12582912.0f;
    return whole.bits - 0x4B400000;
}
