/* y = W x + b, only where W is not 0: each weight with how far its column lies behind the last one. Long sums are made of
   the sums of VV_CHUNK terms, and what rounding takes from these is put back (W. Kahan, 1965). */
static void vv_sparse(const VV_REAL *x, VV_REAL *y) {
    VV_CONST VV_KIND *w = VV_WEIGHTS;
    VV_CONST uint8_t *gap = VV_GAPS;
    for (int j = 0; j < VV_ROWS; j++) {
        VV_REAL sum = 0, lost = 0;
        const VV_REAL *at = x;
        for (int left = (int)VV_COUNTS[j]; left > 0; left -= VV_CHUNK) {
            VV_REAL part = 0;
            for (int count = left < VV_CHUNK ? left : VV_CHUNK; count > 0; count--) {
                at += *gap++;
                part += (VV_REAL)*w++ * *at;
            }
            const VV_REAL less = part - lost, more = sum + less;
            if (VV_CHUNK < VV_COLUMNS) lost = more - sum - less;
            sum = more;
        }
        y[j] = VV_HELD(sum VV_BIAS);
    }
}
