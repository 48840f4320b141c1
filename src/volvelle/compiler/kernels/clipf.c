/* x held between two bounds. */
static float vv_clipf(float x, float low, float high) { return x < low ? low : (x > high ? high : x); }
