/* A number of up to 32 bits in a stream, its sign extended. */
static inline int32_t vv_wide_bits(VV_CONST uint8_t *data, uint32_t at, int width) {
    uint32_t value = vv_bits(data, at, width > 16 ? 16 : width);
    if (width > 16) value |= vv_bits(data, at + 16, width - 16) << 16;
    return (int32_t)(value << (32 - width)) >> (32 - width);
}
