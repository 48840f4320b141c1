/* Towards zero; held at the ends of the type, and no number as 0. */
static uint8_t vv_to_uint8f(float x) {
    if (x != x) return 0;
    if (x <= (float)0.0) return 0;
    if (x >= (float)255.0) return 255;
    return (uint8_t)x;
}
