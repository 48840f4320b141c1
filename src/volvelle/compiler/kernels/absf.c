/* The absolute value. */
static float vv_absf(float x) { return __builtin_fabsf(x); }
