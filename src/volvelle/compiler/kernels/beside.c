/* y = W x + b; the weights of VV_SIDE answers lie side by side, so that what is read of x serves all of them. */
static void vv_beside(const VV_REAL *x, VV_REAL *y) {
    const VV_KIND *w = VV_WEIGHTS;
    for (int j = 0; j < VV_ROWS; j += VV_SIDE) {
        VV_REAL sum[VV_SIDE] = {0};
        for (int i = 0; i < VV_COLUMNS; i++, w += VV_SIDE) {
            const VV_REAL at = x[i];
#pragma GCC unroll 16
            for (int k = 0; k < VV_SIDE; k++) sum[k] += VV_TERM;
        }
#pragma GCC unroll 16
        for (int k = 0; k < VV_SIDE; k++) y[j + k] = VV_HELD(sum[k] VV_BIAS);
    }
}
