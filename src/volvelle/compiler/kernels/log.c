/* The natural logarithm: x = m 2^k with m around 1, and the series of (m - 1) / (m + 1). */
static double vv_log(double x) {
    if (x != x || x < 0.0) return (double)VV_NAN;
    if (x == 0.0) return -(double)VV_INF;
    if (x > DBL_MAX) return x;
    int k = 0;
    if (x < 2.2250738585072014e-308) {
        x *= 18014398509481984.0;
        k = -54;
    }
    union { uint64_t bits; double value; } m;
    m.value = x;
    k += (int)(m.bits >> 52) - 1023;
    m.bits = (m.bits & UINT64_C(0xFFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000);
    if (m.value > 1.4142135623730951) {
        m.value *= 0.5;
        k++;
    }
    const double s = (m.value - 1.0) / (m.value + 1.0);
    const double square = s * s;
    double sum = 0.0;
    for (int n = 21; n > 0; n -= 2) sum = sum * square + 1.0 / (double)n;
    return (double)k * 0.6931471805599453 + 2.0 * s * sum;
}
