/* The nearest whole number, half to even. */
static float vv_roundf(float x) {
    const float low = __builtin_floorf(x);
    const float rest = x - low;
    const float half = (float)0.5;
    if (rest > half || (rest == half && __builtin_floorf(low * half) * (float)2 != low)) return low + (float)1;
    return low;
}
