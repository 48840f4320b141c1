/* n weights of a canonical prefix code: the codes of one length are neighbours, those of the next begin behind them. */
static void vv_prefixed(VV_CONST uint8_t *data, uint32_t *at, VV_CONST VV_COUNT *counts, VV_CONST signed char *symbols,
                        signed char *to, int n) {
    for (int i = 0; i < n; i++) {
        int32_t code = 0, first = 0, place = 0;
        for (int length = 0; length < 32; length++, (*at)++) {
            code |= data[*at >> 3] >> (7 - (*at & 7)) & 1;
            const int32_t count = counts[length];
            if (code - first < count) break;
            place += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        (*at)++;
        to[i] = symbols[place + code - first];
    }
}
