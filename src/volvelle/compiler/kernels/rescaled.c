/* A sum times a scale in real numbers, to the nearest, plus a zero point, between two bounds. */
static int32_t vv_rescaled(int32_t sum, float scale, int zero, int least, int most) {
    return vv_nearest((float)sum * scale, (float)(least - zero), (float)(most - zero)) + zero;
}
