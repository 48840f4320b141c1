/* 0 - x, around the end of the type for the one number that has no opposite. */
static int64_t vv_less(int64_t x) { return (int64_t)(0u - (uint64_t)x); }
