/* The sums of trees that lie as bits; compiler/stream.py tells how they are written. */
static void vv_forest(const VV_CELL *x, VV_SUM *sums) {
    for (uint32_t tree = 0; tree < VV_TREES; tree++) {
        uint32_t at = vv_bits(VV_DATA, tree * VV_BEGIN, VV_BEGIN);
        for (;;) {
            const uint32_t bits = vv_bits(VV_DATA, at, VV_HEAD);
            const VV_CELL cell = x[VV_FEATURE];
            const uint32_t asked = VV_ASKED;
            at += VV_WORD;
            bool yes = VV_ANSWER;
            VV_MISSING
            const uint32_t shape = bits & 3u;
            const bool first = yes != (shape == 2);
            if (shape == 3) {
                const uint32_t over = vv_bits(VV_DATA, at, VV_SKIP);
                at += VV_SKIP;
                if (!first) at += over;
                continue;
            }
            if (first) break;
            at += VV_LISTS && vv_bits(VV_DATA, at, 1) ? 1 + VV_REFERENCE : VV_LEAF;
            if (shape == 0) break;
        }
        bool last = true;
        if (VV_LISTS) {
            last = vv_bits(VV_DATA, at, 1) == 0;
            at = last ? at + 1 : vv_bits(VV_DATA, at + 1, VV_REFERENCE);
        }
        const bool list = VV_LISTS && !last;
        int32_t rest = VV_REST;
        do {
            if (list) last = vv_bits(VV_DATA, at++, 1) != 0;
            const uint32_t target = VV_TURNS ? tree % VV_TARGETS : vv_bits(VV_DATA, at, VV_TARGET);
            at += VV_TARGET;
            int32_t value = rest;
            if (!VV_SHARES || !last) {
                value = VV_VALUE;
                at += VV_WIDTH;
            }
            if (VV_SHARES) rest -= value;
            sums[target] += VV_REAL(value);
        } while (!last);
    }
}
