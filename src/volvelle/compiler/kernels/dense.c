/* y = W x + b, one row of W per answer; four terms at a time, added in their order. */
static void vv_dense(const VV_REAL *x, VV_REAL *y) {
    VV_CONST VV_KIND *w = VV_WEIGHTS;
    for (int j = 0; j < VV_ROWS; j++) {
        VV_REAL sum = 0;
        int i = 0;
        for (; i < VV_COLUMNS / 4 * 4; i += 4, w += 4) {
            sum += (VV_REAL)w[0] * x[i];
            sum += (VV_REAL)w[1] * x[i + 1];
            sum += (VV_REAL)w[2] * x[i + 2];
            sum += (VV_REAL)w[3] * x[i + 3];
        }
        for (; i < VV_COLUMNS; i++) sum += (VV_REAL)*w++ * x[i];
        y[j] = VV_HELD(sum VV_BIAS);
    }
}
