/* Towards zero; held at the ends of the type, and no number as 0. */
static int32_t vv_to_int32f(float x) {
    if (x != x) return 0;
    if (x <= (float)-2147483648.0) return INT32_MIN;
    if (x >= (float)2147483647.0) return INT32_MAX;
    return (int32_t)x;
}
