/* A number of one to four bytes, the lowest first. */
static inline uint32_t vv_bytes(const uint8_t *at, int width) {
    uint32_t value = at[0];
    if (width > 1) value |= (uint32_t)at[1] << 8;
    if (width > 2) value |= (uint32_t)at[2] << 16;
    if (width > 3) value |= (uint32_t)at[3] << 24;
    return value;
}
