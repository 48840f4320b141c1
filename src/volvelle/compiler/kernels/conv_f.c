/* A convolution: c channels of each group go in, m come out, of which each group makes g. */
static void vv_conv_f(const float *x, const float *w, const float *b, float *y, int c, int m, int g, int h, int v, int oh,
                      int ov, int kh, int kv, int sh, int sv, int dh, int dv, int ph, int pv) {
    for (int o = 0; o < m; o++, w += c * kh * kv)
        for (int r = 0; r < oh; r++)
            for (int q = 0; q < ov; q++, y++) {
                float sum = b ? b[o] : 0;
                const float *at = w;
                for (int k = 0; k < c; k++) {
                    const float *plane = x + (o / g * c + k) * h * v;
                    for (int i = 0; i < kh; i++) {
                        const int row = r * sh - ph + i * dh;
                        if (row < 0 || row >= h) {
                            at += kv;
                            continue;
                        }
                        for (int j = 0; j < kv; j++, at++) {
                            const int column = q * sv - pv + j * dv;
                            if (column >= 0 && column < v) sum += *at * plane[row * v + column];
                        }
                    }
                }
                *y = sum;
            }
}
