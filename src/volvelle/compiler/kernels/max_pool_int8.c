/* The largest of every window of c channels. */
static void vv_max_pool_int8(const int8_t *x, int8_t *y, int c, int h, int v, int oh, int ov, int kh, int kv, int sh, int sv,
                          int dh, int dv, int ph, int pv) {
    for (int k = 0; k < c; k++, x += h * v)
        for (int r = 0; r < oh; r++)
            for (int q = 0; q < ov; q++, y++) {
                bool any = false;
                int8_t most = 0;
                for (int i = 0; i < kh; i++)
                    for (int j = 0; j < kv; j++) {
                        const int row = r * sh - ph + i * dh, column = q * sv - pv + j * dv;
                        if (row < 0 || row >= h || column < 0 || column >= v) continue;
                        const int8_t cell = x[row * v + column];
                        if (!any || cell > most) most = cell;
                        any = true;
                    }
                *y = most;
            }
}
