/* The nearest whole number, half to even; it keeps the sign, that of a zero too. */
static double vv_round(double x) {
    const double low = __builtin_floor(x);
    const double rest = x - low;
    const double half = (double)0.5;
    if (rest > half || (rest == half && __builtin_floor(low * half) * (double)2 != low)) return __builtin_copysign(low + (double)1, x);
    return low;
}
