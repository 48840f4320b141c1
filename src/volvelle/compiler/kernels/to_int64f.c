/* Towards zero; held at the ends of the type, and no number as 0. */
static int64_t vv_to_int64f(float x) {
    if (x != x) return 0;
    if (x <= (float)-9223372036854775808.0) return INT64_MIN;
    if (x >= (float)9223372036854775807.0) return INT64_MAX;
    return (int64_t)x;
}
