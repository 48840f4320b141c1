/* A convolution with windows of one element over n places, whose channels lie `near` apart in x and `far` in y: all channels
   of some places are made from a copy of these before the next are read. So what is made may lie over what is read. With
   the instructions for two products at once a place is taken by itself, as a dense layer takes it, else up to VV_SIDE
   places share what is read of w. */
static void vv_q_across(const VV_KIND *x, VV_WEIGHT signed char *w, VV_CONST int32_t *b, VV_CONST float *scale, VV_KIND *y, int n,
                        int near, int far, int each, int zero, int least, int most) {
#if defined(VV_DSP)
    (void)VV_POINT;
    VV_KIND from[VV_CHANNELS], to[VV_MADE];
    for (int p = 0; p < n; p++, x++, y++) {
        for (int k = 0; k < VV_CHANNELS; k++) from[k] = x[k * near];
        VV_DENSE(from, w, b, scale, to, VV_CHANNELS, VV_MADE, each, zero, least, most);
        for (int o = 0; o < VV_MADE; o++) y[o * far] = to[o];
    }
#else
    (void)VV_DENSE;
    VV_KIND from[VV_CHANNELS * VV_SIDE];
    for (int p = 0; p < n; p += VV_SIDE, x += VV_SIDE, y += VV_SIDE) {
        const int side = n - p < VV_SIDE ? n - p : VV_SIDE;
        for (int k = 0; k < VV_CHANNELS; k++)
            for (int i = 0; i < side; i++) from[k * VV_SIDE + i] = x[k * near + i];
        VV_POINT(from, w, b, scale, y, VV_CHANNELS, VV_MADE, side, VV_SIDE, far, each, zero, least, most);
    }
#endif
}
