/* The smaller; no number where one is none. */
static double vv_min(double a, double b) { return a < b || a != a ? a : b; }
