/* The natural logarithm: x = m 2^k with m around 1, and the series of (m - 1) / (m + 1). */
static float vv_logf(float x) { return (float)vv_log((double)x); }
