/* The absolute value. */
static double vv_abs(double x) { return __builtin_fabs(x); }
