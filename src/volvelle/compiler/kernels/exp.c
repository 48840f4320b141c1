/* e to the power of x, within 1 ulp: x = k ln 2 + r, the exponential series of r, times two to the power of k. */
static double vv_exp(double x) {
    if (x != x) return x;
    if (x > 709.79) return (double)VV_INF;
    if (x < -745.2) return 0.0;
    const double turns = x * 1.4426950408889634;
    const int k = (int)(turns < 0.0 ? turns - 0.5 : turns + 0.5);
    const double r = (x - (double)k * 6.93147180369123816490e-01) - (double)k * 1.90821492927058770002e-10;
    static const double series[14] = {1.0, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,
                                      1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    double p = series[13];
    for (int n = 12; n >= 0; n--) p = p * r + series[n];
    const int half = k / 2;
    union { uint64_t bits; double value; } first, second;
    first.bits = (uint64_t)(half + 1023) << 52;
    second.bits = (uint64_t)(k - half + 1023) << 52;
    return p * first.value * second.value;
}
