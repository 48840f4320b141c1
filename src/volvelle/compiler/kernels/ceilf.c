/* The smallest whole number not below x. */
static float vv_ceilf(float x) { return __builtin_ceilf(x); }
