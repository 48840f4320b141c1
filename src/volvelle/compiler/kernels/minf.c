/* The smaller; no number where one is none. */
static float vv_minf(float a, float b) { return a < b || a != a ? a : b; }
