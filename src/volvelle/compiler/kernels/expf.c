/* e to the power of x, within 1 ulp: x = k ln 2 + r, a polynomial of r, times two to the power of k.
   Adding 1.5 * 2^23 leaves k in the low bits. */
static float vv_expf(float x) {
    if (!(x <= 88.72284f)) return x != x ? x : VV_INF;
    if (x < -103.97f) return 0.0f;
    union { float value; uint32_t bits; } turns, first, second;
    turns.value = x * 1.44269504f + 12582912.0f;
    const uint32_t k = turns.bits - 0x4B400000u, half = (uint32_t)((int32_t)k >> 1);
    const float whole = turns.value - 12582912.0f;
    const float r = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    first.bits = (half + 127u) << 23;
    second.bits = (k - half + 127u) << 23;
    return p * first.value * second.value;
}
