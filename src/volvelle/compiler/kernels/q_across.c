/* A convolution with windows of one element: all channels of a place are made from a copy of it, as a dense layer makes
   them, before the next is read. So what is made may lie over what is read. */
static void vv_q_across(const VV_KIND *x, VV_WEIGHT signed char *w, VV_CONST int32_t *b, VV_CONST float *scale, VV_KIND *y,
                        int each, int zero, int least, int most) {
    VV_KIND from[VV_CHANNELS], to[VV_MADE];
    for (int p = 0; p < VV_PLACES; p++, x++, y++) {
        for (int k = 0; k < VV_CHANNELS; k++) from[k] = x[k * VV_PLACES];
        VV_DENSE(from, w, b, scale, to, VV_CHANNELS, VV_MADE, each, zero, least, most);
        for (int o = 0; o < VV_MADE; o++) y[o * VV_PLACES] = to[o];
    }
}
