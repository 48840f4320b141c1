/* 1 / (1 + exp(-x)) without overflow. */
static double vv_sigmoid(double x) {
    const double e = vv_exp(x < 0.0 ? x : -x);
    return (x < 0.0 ? e : 1.0) / (1.0 + e);
}
