/* The error function, within 1e-6, in single precision: Abramowitz and Stegun, 7.1.26. */
static float vv_erf_f(float x) {
    const float size = x < 0.0f ? -x : x;
    const float t = 1.0f / (1.0f + 0.3275911f * size);
    const float sum = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
    return __builtin_copysignf(1.0f - sum * vv_expf(-size * size), x);
}
