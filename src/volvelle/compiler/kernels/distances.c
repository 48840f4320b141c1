/* Squared distances of x from points, term by term in their order. */
static void vv_distances(const VV_REAL *x, VV_REAL *y) {
    VV_CONST VV_KIND *s = VV_POINTS;
    for (int j = 0; j < VV_ROWS; j++) {
        VV_REAL sum = 0;
        for (int i = 0; i < VV_COLUMNS; i++) {
            const VV_REAL gap = x[i] - (VV_REAL)*s++;
            sum += gap * gap;
        }
        y[j] = sum;
    }
}
