/* Towards zero; held at the ends of the type, and no number as 0. */
static int64_t vv_to_int64(double x) {
    if (x != x) return 0;
    if (x <= (double)-9223372036854775808.0) return INT64_MIN;
    if (x >= (double)9223372036854775807.0) return INT64_MAX;
    return (int64_t)x;
}
