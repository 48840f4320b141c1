/* The mean of n elements of each of c channels: their sum less n times the zero point, times a scale, to the nearest. */
static void vv_q_mean_int8(const int8_t *x, int8_t *y, int c, int n, int back, float scale, int zero, int least, int most) {
    for (int k = 0; k < c; k++, x += n) {
        int32_t sum = -(int32_t)n * back;
        for (int i = 0; i < n; i++) sum += x[i];
        y[k] = (int8_t)vv_requantised(sum, scale, zero, least, most);
    }
}
