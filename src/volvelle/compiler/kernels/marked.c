/* n weights: 0 where a bit is 0, the next of those that are not where it is 1. */
static void vv_marked(VV_CONST uint8_t *marks, VV_CONST signed char **next, signed char *to, int at, int n) {
    for (int i = 0; i < n; i++, at++) {
        to[i] = 0;
        if (marks[at >> 3] >> (at & 7) & 1) to[i] = *(*next)++;
    }
}
