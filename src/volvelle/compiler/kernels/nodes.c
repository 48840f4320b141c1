/* The sums of trees that lie as tables of questions; a number below 0 is a leaf, and tells where its terms begin. */
static void vv_nodes(const VV_CELL *x, VV_SUM *sums) {
    for (int tree = 0; tree < VV_TREES; tree++) {
        int at = (int)VV_ROOTS[tree];
        while (at >= 0) {
            const VV_CELL cell = x[VV_FEATURES[at]];
            VV_ASKED
            bool yes = VV_ANSWER;
            VV_MISSING
            at = yes ? (int)VV_YES[at] : (int)VV_NO[at];
        }
        for (int k = (int)VV_BEGINS[~at]; k < (int)VV_BEGINS[-at]; k++) sums[VV_TARGETS] += VV_VALUES[k];
    }
}
