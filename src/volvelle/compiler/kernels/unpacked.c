/* A layer whose weights are unpacked some rows at a time. */
static void vv_unpacked(const VV_KIND *x, VV_CONST int32_t *b, VV_CONST float *scale, VV_MADE *y) {
    signed char rows[VV_ROOM];
    VV_BEGIN
    for (int j = 0; j < VV_ROWS; j += VV_SIDE) {
        const int m = VV_ROWS - j < VV_SIDE ? VV_ROWS - j : VV_SIDE;
        VV_TAKE;
        VV_CALL;
    }
}
