/* The hyperbolic tangent: a continued fraction around 0, the exponential function elsewhere. */
static float vv_tanhf(float x) {
    const float square = x * x;
    if (square < 0.2f) return x / (1.0f + square / (3.0f + square / (5.0f + square / (7.0f + square / 9.0f))));
    if (x > 9.1f) return 1.0f;
    if (x < -9.1f) return -1.0f;
    return 1.0f - 2.0f / (vv_expf(2.0f * x) + 1.0f);
}
