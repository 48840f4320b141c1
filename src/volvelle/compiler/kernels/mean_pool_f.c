/* The mean of every window of c channels, column by column as onnxruntime adds them; of the margin, `far` rows and `wide`
   columns behind count where `all` says so. */
static void vv_mean_pool_f(const float *x, float *y, int all, int far, int wide, int c, int h, int v, int oh, int ov,
                           int kh, int kv, int sh, int sv, int dh, int dv, int ph, int pv) {
    for (int k = 0; k < c; k++, x += h * v)
        for (int r = 0; r < oh; r++)
            for (int q = 0; q < ov; q++, y++) {
                int count = 0;
                float sum = 0;
                for (int j = 0; j < kv; j++) {
                    float part = 0;
                    for (int i = 0; i < kh; i++) {
                        const int row = r * sh - ph + i * dh, column = q * sv - pv + j * dv;
                        if (row >= h + far || column >= v + wide) continue;
                        const bool inside = row >= 0 && row < h && column >= 0 && column < v;
                        if (inside) part += x[row * v + column];
                        if (inside || all) count++;
                    }
                    sum += part;
                }
                *y = sum / (float)count;
            }
}
