/* A convolution with windows of one element over n places: c channels go in, m come out. */
static void vv_q_point_int8(const int8_t *x, const signed char *w, const int32_t *b, const float *scale, int8_t *y, int c,
                            int m, int n, int each, int zero, int least, int most) {
    for (int o = 0; o < m; o++, w += c)
        for (int p = 0; p < n; p++) {
            const int8_t *at = x + p;
            int32_t sum = b[o];
            for (int k = 0; k < c; k++, at += n) sum += (int32_t)w[k] * *at;
            *y++ = (int8_t)vv_requantised(sum, scale[each ? o : 0], zero, least, most);
        }
}
