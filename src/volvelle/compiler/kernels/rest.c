/* The rest of a / b with the sign of a; 0 where b is 0. */
static int64_t vv_rest(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
