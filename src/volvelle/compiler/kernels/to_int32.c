/* Towards zero; held at the ends of the type, and no number as 0. */
static int32_t vv_to_int32(double x) {
    if (x != x) return 0;
    if (x <= (double)-2147483648.0) return INT32_MIN;
    if (x >= (double)2147483647.0) return INT32_MAX;
    return (int32_t)x;
}
