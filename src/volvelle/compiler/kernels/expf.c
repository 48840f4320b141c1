/* e to the power of x, within 1 ulp: x = k ln 2 + r, a polynomial of r, times two to the power of k. */
static float vv_expf(float x) {
    if (x != x) return x;
    if (x > 88.72284f) return VV_INF;
    if (x < -103.97f) return 0.0f;
    const float turns = x * 1.44269504f;
    const int k = (int)(turns < 0.0f ? turns - 0.5f : turns + 0.5f);
    const float r = (x - (float)k * 0.693359375f) - (float)k * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const int half = k / 2;
    union { uint32_t bits; float value; } first, second;
    first.bits = (uint32_t)(half + 127) << 23;
    second.bits = (uint32_t)(k - half + 127) << 23;
    return p * first.value * second.value;
}
