/* The largest whole number not above x. AVR-LibC has it under the name for double, which has 32 bits there. */
#if defined(__AVR__)
static float vv_floorf(float x) { return __builtin_floor(x); }
#else
static float vv_floorf(float x) { return __builtin_floorf(x); }
#endif
