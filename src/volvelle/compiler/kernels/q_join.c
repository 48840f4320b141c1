/* One channel of a convolution in whole numbers, and its sum with what went round it. */
static void vv_q_join(const VV_KIND *x, VV_WEIGHT signed char *w, VV_CONST int32_t *b, VV_CONST float *scale, const VV_KIND *a,
                      VV_KIND *y) {
    VV_KIND plane[VV_PLACES];
    VV_CALL;
    for (int i = 0; i < VV_PLACES; i++) y[i] = (VV_KIND)(VV_SUM);
}
