/* A convolution: c channels of each group go in, m come out, of which each group makes g, and where there is
   an a it is added; all between two bounds. The sums of eight channels are added up. */
static void vv_conv_f(const float *x, VV_CONST float *w, VV_CONST float *b, const float *a, float *y, float low,
                      float high, int c, int m, int g, int h, int v, int oh, int ov, int kh, int kv, int sh, int sv,
                      int dh, int dv, int ph, int pv) {
    for (int o = 0; o < m; o++, w += c * kh * kv)
        for (int r = 0; r < oh; r++) {
            const int top = r * sh - ph;
            int i0 = 0, i1 = kh;
            while (top + i0 * dh < 0) i0++;
            while (i1 > i0 && top + (i1 - 1) * dh >= h) i1--;
            for (int q = 0; q < ov; q++) {
                const int left = q * sv - pv;
                int j0 = 0, j1 = kv;
                while (left + j0 * dv < 0) j0++;
                while (j1 > j0 && left + (j1 - 1) * dv >= v) j1--;
                float sum = b ? b[o] : 0, part = 0;
                for (int k = 0; k < c; k++) {
                    for (int i = i0; i < i1; i++) {
                        const float *plane = x + (o / g * c + k) * h * v;
                        VV_CONST float *at = w + (k * kh + i) * kv;
                        for (int j = j0; j < j1; j++) part += at[j] * plane[(top + i * dh) * v + left + j * dv];
                    }
                    if (k % 8 == 7 || k == c - 1) sum += part, part = 0;
                }
                if (a) sum += *a++;
                *y++ = sum < low ? low : sum > high ? high : sum;
            }
        }
}
