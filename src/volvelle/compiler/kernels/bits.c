/* A number of up to 25 bits in a stream, the lowest bit first. */
static inline uint32_t vv_bits(VV_CONST uint8_t *data, uint32_t at, int width) {
    VV_CONST uint8_t *byte = data + (at >> 3);
    const uint32_t word = byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
    return word >> (at & 7) & (((uint32_t)1 << width) - 1u);
}
