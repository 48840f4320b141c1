/* x times x. */
static inline float vv_squaredf(float x) { return x * x; }
