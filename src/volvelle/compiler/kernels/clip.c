/* x held between two bounds. */
static double vv_clip(double x, double low, double high) { return x < low ? low : (x > high ? high : x); }
