/* a to the power of b, by the logarithm; a negative base takes whole powers alone. */
static double vv_pow(double a, double b) {
    if (b == 0.0 || a == 1.0) return 1.0;
    if (a != a || b != b) return (double)VV_NAN;
    const double whole = __builtin_floor(b);
    const bool odd = whole == b && __builtin_floor(b * 0.5) * 2.0 != b;
    if (a == 0.0) return b > 0.0 ? 0.0 : (double)VV_INF;
    if (a < 0.0 && whole != b) return (double)VV_NAN;
    const double size = vv_exp(b * vv_log(a < 0.0 ? -a : a));
    return a < 0.0 && odd ? -size : size;
}
