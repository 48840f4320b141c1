/* a to the power of b. */
static float vv_powf(float a, float b) { return (float)vv_pow((double)a, (double)b); }
