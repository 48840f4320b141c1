/* a to the power of b, by the logarithm; a negative finite base takes whole powers alone. */
static double vv_pow(double a, double b) {
    if (b == 0.0 || a == 1.0) return 1.0;
    if (a != a || b != b) return (double)VV_NAN;
    const double whole = __builtin_floor(b), base = a < 0.0 ? -a : a;
    const bool odd = whole == b && __builtin_floor(b * 0.5) * 2.0 != b;
    if (a < 0.0 && whole != b && base <= DBL_MAX) return (double)VV_NAN;
    double size = 1.0;
    if (base == 0.0) {
        size = b > 0.0 ? 0.0 : (double)VV_INF;
    } else if (base != 1.0) {
        size = vv_exp(b * vv_log(base));
    }
    return odd ? __builtin_copysign(size, a) : size;
}
