/* The nearest whole number, half to even; it keeps the sign, that of a zero too. */
static float vv_roundf(float x) {
    const float low = vv_floorf(x);
    const float rest = x - low;
    const float half = (float)0.5;
    if (rest > half || (rest == half && vv_floorf(low * half) * (float)2 != low)) return __builtin_copysignf(low + (float)1, x);
    return low;
}
