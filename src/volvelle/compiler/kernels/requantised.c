/* A sum times a scale, to the nearest, plus a zero point, between two bounds. */
static inline int32_t vv_requantised(int32_t sum, float scale, int zero, int least, int most) {
    return vv_nearest((float)sum * scale, (float)(least - zero), (float)(most - zero)) + zero;
}
