/* The mean of every window of c channels, through real numbers as onnxruntime computes it: terms are added one by one, and
   the zero point before rounding, where all numbers lie `up` steps higher and the least is `low`. Of the margin nothing is
   added, and it counts where `all` says so. */
static void vv_q_pool_int8(const int8_t *x, int8_t *y, int all, int back, float scale, float step, int zero, int up, int low,
                           int c, int h, int v, int oh, int ov, int kh, int kv, int sh, int sv, int ph, int pv) {
    for (int k = 0; k < c; k++, x += h * v)
        for (int r = 0; r < oh; r++) {
            const int top = r * sh - ph, i0 = top < 0 ? 0 : top, i1 = top + kh > h ? h : top + kh;
            for (int q = 0; q < ov; q++) {
                const int left = q * sv - pv, j0 = left < 0 ? 0 : left, j1 = left + kv > v ? v : left + kv;
                float sum = 0;
                for (int i = i0; i < i1; i++)
                    for (int j = j0; j < j1; j++) sum += scale * (float)(x[i * v + j] - back);
                sum /= (float)(all ? kh * kv : (i1 - i0) * (j1 - j0));
                *y++ = (int8_t)(vv_nearest(sum / step + (float)(zero + up), (float)low, (float)(low + 255)) - up);
            }
        }
}
