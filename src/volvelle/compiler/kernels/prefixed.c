/* n weights of a canonical prefix code: the codes of one length are neighbours, those of the next begin behind them. */
static void vv_prefixed(const uint8_t *data, uint32_t *at, const VV_COUNT *counts, const signed char *symbols,
                        signed char *to, int n) {
    for (int i = 0; i < n; i++) {
        int code = 0, first = 0, place = 0;
        for (int length = 0; length < 32; length++, (*at)++) {
            code |= data[*at >> 3] >> (7 - (*at & 7)) & 1;
            const int count = counts[length];
            if (code - first < count) break;
            place += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        (*at)++;
        to[i] = symbols[place + code - first];
    }
}
