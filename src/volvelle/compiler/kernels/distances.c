/* Squared distances from constant rows. */
static void vv_distances(const VV_REAL *x, VV_REAL *y) {
    const VV_KIND *v = VV_TABLE;
    for (int j = 0; j < VV_COUNT; j++) {
        VV_REAL sum = 0;
        for (int i = 0; i < VV_WIDTH; i++) {
            const VV_REAL gap = x[i] - (VV_REAL)*v++;
            sum += gap * gap;
        }
        y[j] = sum;
    }
}
