/* A convolution with windows of one element: all channels of a place are made from a copy of it before the next is read,
   so that what is made may lie over what is read. The sums of eight channels are added up, and where there
   is an a it is added; all between two bounds. */
static void vv_across(const VV_REAL *x, VV_CONST VV_REAL *weights, VV_CONST VV_REAL *b, const VV_REAL *a, VV_REAL *y,
                      VV_REAL low, VV_REAL high) {
    VV_REAL from[VV_CHANNELS];
    for (int p = 0; p < VV_PLACES; p++, x++, y++) {
        VV_CONST VV_REAL *w = weights;
        for (int k = 0; k < VV_CHANNELS; k++) from[k] = x[k * VV_PLACES];
        for (int o = 0; o < VV_MADE; o++) {
            VV_REAL sum = b ? b[o] : 0;
            for (int k = 0; k < VV_CHANNELS;) {
                const int end = VV_CHANNELS - k > 8 ? k + 8 : VV_CHANNELS;
                VV_REAL part = 0;
                for (; k < end; k++) part += *w++ * from[k];
                sum += part;
            }
            if (a) sum += a[o * VV_PLACES + p];
            y[o * VV_PLACES] = sum < low ? low : sum > high ? high : sum;
        }
    }
}
