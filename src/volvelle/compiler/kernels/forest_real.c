/* The sums of trees; compiler/trees.py tells how they are written. */
static void vv_forest_real(const float *x, float *sums, const uint8_t *data, const uint8_t *begins, const float *splits,
                            const uint8_t *sets, const uint8_t *leaves, int trees, int targets, int begin, int rotates,
                            int split_bits, int feature_bits, int tracks, int word, int count, int set_bytes,
                            int skip, int reference, int width) {
    int turn = 0;
    for (int tree = 0; tree < trees; tree++) {
        const uint8_t *at = data + vv_bytes(begins + tree * begin, begin);
        for (;;) {
            const uint32_t bits = vv_bytes(at, word);
            at += word;
            const uint32_t asked = (bits >> (2 + tracks)) & ((1u << split_bits) - 1u);
            const float cell = x[(bits >> (2 + tracks + split_bits)) & ((1u << feature_bits) - 1u)];
            bool yes;
            if (set_bytes != 0 && (int)asked >= count) {
                const int code = cell >= 0.0f && cell < (float)(set_bytes * 8) ? (int)cell : -1;
                yes = code >= 0 && (float)code == cell &&
                      (sets[((int)asked - count) * set_bytes + (code >> 3)] >> (code & 7) & 1) != 0;
            } else {
                yes = cell <= splits[asked];
            }
            if (tracks != 0 && cell != cell) yes = (bits >> 2 & 1u) != 0u;
            const int shape = (int)(bits & 3u);
            const int leaf = reference != 0 ? reference : width;
            if (shape == 0) {
                if (!yes) at += leaf;
                break;
            }
            if (shape == 3) {
                const int over = (int)vv_bytes(at, skip);
                at += skip;
                if (!yes) at += over;
            } else {
                if (yes == (shape == 1)) break;
                at += leaf;
            }
        }
        int target = turn;
        if (reference != 0) {
            const int entry = (int)vv_bytes(at, reference);
            at = leaves + (rotates != 0 ? entry * width : entry);
        }
        bool last = true;
        do {
            if (rotates == 0) {
                last = (*at & 0x80) != 0;
                target = *at++ & 0x7f;
            }
            const int shift = 32 - 8 * width;
            const int32_t value = (int32_t)(vv_bytes(at, width) << shift) >> shift;
            at += width;
            union { int32_t bits; float value; } real;
            real.bits = value;
            sums[target] += real.value;
        } while (!last);
        turn = turn + 1 < targets ? turn + 1 : 0;
    }
}
