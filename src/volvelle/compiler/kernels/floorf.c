/* The largest whole number not above x. */
static float vv_floorf(float x) { return __builtin_floorf(x); }
