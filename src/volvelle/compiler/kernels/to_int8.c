/* Towards zero; held at the ends of the type, and no number as 0. */
static int8_t vv_to_int8(double x) {
    if (x != x) return 0;
    if (x <= (double)-128.0) return -128;
    if (x >= (double)127.0) return 127;
    return (int8_t)x;
}
