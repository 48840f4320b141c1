/* The mean of n elements of each of c channels in real numbers, added up in four lanes as onnxruntime does it. */
static void vv_q_lanes_int8(const int8_t *x, int8_t *y, int c, int n, int back, float scale, float step, int zero, int least,
                            int most) {
    for (int k = 0; k < c; k++, x += n) {
        float lanes[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        const int fours = n & ~3;
        for (int i = 0; i < fours; i++) lanes[i & 3] += scale * (float)(x[i] - back);
        float sum = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
        for (int i = fours; i < n; i++) sum += scale * (float)(x[i] - back);
        y[k] = (int8_t)(vv_nearest(sum / (float)n / step, (float)(least - zero), (float)(most - zero)) + zero);
    }
}
