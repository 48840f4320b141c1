/* A position, negative ones from the end, held inside 0 to n - 1. */
static int vv_inside(int64_t k, int n) {
    if (k < 0) k += n;
    return k < 0 ? 0 : k < n ? (int)k : n - 1;
}
