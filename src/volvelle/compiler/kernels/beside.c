/* y = W x + b; the weights of VV_SIDE answers lie side by side, so that what is read of x serves all of them. Long sums
   are made of the sums of VV_CHUNK terms, and what rounding takes from these is put back (W. Kahan, 1965). */
static void vv_beside(const VV_REAL *x, VV_REAL *y) {
    VV_CONST VV_KIND *w = VV_WEIGHTS;
    for (int j = 0; j < VV_ROWS; j += VV_SIDE) {
        VV_REAL sum[VV_SIDE] = {0}, lost[VV_SIDE] = {0};
        for (int from = 0; from < VV_COLUMNS; from += VV_CHUNK) {
            const int end = VV_COLUMNS - from < VV_CHUNK ? VV_COLUMNS : from + VV_CHUNK;
            VV_REAL part[VV_SIDE] = {0};
            for (int i = from; i < end; i++, w += VV_SIDE) {
                const VV_REAL at = x[i];
#pragma GCC unroll 16
                for (int k = 0; k < VV_SIDE; k++) part[k] += VV_TERM;
            }
#pragma GCC unroll 16
            for (int k = 0; k < VV_SIDE; k++) {
                const VV_REAL less = part[k] - lost[k], more = sum[k] + less;
                if (VV_CHUNK < VV_COLUMNS) lost[k] = more - sum[k] - less;
                sum[k] = more;
            }
        }
#pragma GCC unroll 16
        for (int k = 0; k < VV_SIDE; k++) y[j + k] = VV_HELD(sum[k] VV_BIAS);
    }
}
