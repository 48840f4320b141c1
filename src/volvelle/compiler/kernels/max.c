/* The larger; no number where one is none. */
static double vv_max(double a, double b) { return a > b || a != a ? a : b; }
