/* The natural logarithm, within 3 ulp, in single precision: x = m 2^k with m around 1, and the series of
   (m - 1) / (m + 1). The first part of ln 2 has few bits, so that its product with k is exact. */
static float vv_logf(float x) {
    if (x != x || x < 0.0f) return VV_NAN;
    if (x == 0.0f) return -VV_INF;
    if (x > FLT_MAX) return x;
    int k = -127;
    if (x < 1.17549435e-38f) {
        x *= 16777216.0f;
        k -= 24;
    }
    union { uint32_t bits; float value; } m;
    m.value = x;
    k += (int)(m.bits >> 23);
    m.bits = (m.bits & 0x7FFFFFu) | 0x3F800000u;
    if (m.value > 1.41421356f) {
        m.value *= 0.5f;
        k++;
    }
    const float s = (m.value - 1.0f) / (m.value + 1.0f), square = s * s;
    const float sum = square * (0.333333333f + square * (0.2f + square * (0.142857143f + square * 0.111111111f)));
    return (float)k * 0.693359375f + ((float)k * -2.12194440e-4f + 2.0f * (s + s * sum));
}
