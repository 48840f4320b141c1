/* The hyperbolic tangent: a continued fraction around 0, the exponential function elsewhere. */
static double vv_tanh(double x) {
    const double square = x * x;
    if (square < 0.04)
        return x / (1.0 + square / (3.0 + square / (5.0 + square / (7.0 + square / (9.0 + square / 11.0)))));
    if (x > 20.0) return 1.0;
    if (x < -20.0) return -1.0;
    return 1.0 - 2.0 / (vv_exp(2.0 * x) + 1.0);
}
