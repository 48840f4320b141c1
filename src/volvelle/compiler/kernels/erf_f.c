/* The error function, within 2e-7: Abramowitz and Stegun, 7.1.26. */
static float vv_erf_f(float x) {
    const double size = x < 0 ? -(double)x : (double)x;
    const double t = 1.0 / (1.0 + 0.3275911 * size);
    const double sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    const double part = 1.0 - sum * vv_exp(-size * size);
    return (float)__builtin_copysign(part, (double)x);
}
