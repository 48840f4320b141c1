/* The largest whole number not above x. */
static double vv_floor(double x) { return __builtin_floor(x); }
