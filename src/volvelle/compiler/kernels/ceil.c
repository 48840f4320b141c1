/* The smallest whole number not below x. */
static double vv_ceil(double x) { return __builtin_ceil(x); }
