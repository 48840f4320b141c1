/* The square root, correctly rounded. */
static double vv_sqrt(double x) { return __builtin_sqrt(x); }
