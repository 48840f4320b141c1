/* The square root, correctly rounded. */
static float vv_sqrtf(float x) { return __builtin_sqrtf(x); }
