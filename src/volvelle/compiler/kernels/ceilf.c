/* The smallest whole number not below x. AVR-LibC has it under the name for double, which has 32 bits there. */
#if defined(__AVR__)
static float vv_ceilf(float x) { return __builtin_ceil(x); }
#else
static float vv_ceilf(float x) { return __builtin_ceilf(x); }
#endif
