/* The sums of trees that lie as tables of questions; a number below 0 is a leaf, and tells where its terms begin. */
static void vv_nodes(const float *x, VV_SUM *sums) {
    for (int tree = 0; tree < VV_TREES; tree++) {
        int at = VV_ROOTS[tree];
        while (at >= 0) {
            const float cell = x[VV_FEATURES[at]];
            VV_ASKED
            bool yes = VV_ANSWER;
            if (VV_TRACKS && cell != cell) yes = VV_MISSING != 0;
            at = yes ? VV_YES[at] : VV_NO[at];
        }
        for (int k = VV_BEGINS[~at]; k < VV_BEGINS[-at]; k++) sums[VV_TARGETS] += VV_VALUES[k];
    }
}
