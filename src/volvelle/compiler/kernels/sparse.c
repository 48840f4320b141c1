/* y = W x + b, only where W is not 0: each weight with how far its column lies behind the last one. */
static void vv_sparse(const VV_REAL *x, VV_REAL *y) {
    const VV_KIND *w = VV_WEIGHTS;
    const uint8_t *gap = VV_GAPS;
    for (int j = 0; j < VV_ROWS; j++) {
        VV_REAL sum = 0;
        const VV_REAL *at = x;
        for (int left = VV_COUNTS[j]; left > 0; left--) {
            at += *gap++;
            sum += (VV_REAL)*w++ * *at;
        }
        y[j] = VV_HELD(sum VV_BIAS);
    }
}
