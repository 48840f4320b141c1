/* The larger; no number where one is none. */
static float vv_maxf(float a, float b) { return a > b || a != a ? a : b; }
