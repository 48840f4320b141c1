/* 1 / (1 + exp(-x)) without overflow. */
static float vv_sigmoidf(float x) {
    const float e = vv_expf(x < 0.0f ? x : -x);
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}
