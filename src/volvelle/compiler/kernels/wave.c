/* The sine of x so many quarter turns ahead, within 2 parts in 10^7: the nearest whole quarter turns are taken off, and the
   rest goes into a series. Of 2 / pi times x those bits are taken that say where on the circle it lies, so that a large x
   is as exact as a small one (Payne and Hanek, SIGNUM Newsletter 18, 1983). */
static float vv_wave(float x, uint32_t ahead) {
    static const uint32_t inverse[8] = {0u, 0xA2F9836Eu, 0x4E441529u, 0xFC2757D1u,
                                        0xF534DDC0u, 0xDB629599u, 0x3C439041u, 0xFE5163ABu};
    if (!(x >= -FLT_MAX && x <= FLT_MAX)) return VV_NAN;
    union { float value; uint32_t bits; } size;
    size.value = x < 0.0f ? -x : x;
    float rest = x;
    if (size.value > 0.785398f) {
        const uint32_t at = (size.bits >> 23) - 120u, number = (size.bits & 0x7FFFFFu) | 0x800000u;
        uint32_t part[3];
        for (uint32_t k = 0; k < 3; k++) {
            const uint32_t *word = inverse + (at >> 5) + k;
            part[k] = (uint32_t)((((uint64_t)word[0] << 32 | word[1]) << (at & 31u)) >> 32);
        }
        uint64_t turned = ((uint64_t)(number * part[0]) << 32) + (uint64_t)number * part[1];
        turned += (uint64_t)number * part[2] >> 32;
        if (x < 0.0f) turned = 0u - turned;
        const uint64_t quarters = (turned + (UINT64_C(1) << 61)) >> 62;
        ahead += (uint32_t)quarters;
        rest = (float)((double)(int64_t)(turned - (quarters << 62)) * 3.4061215800865545e-19);
    }
    const float square = rest * rest;
    float y;
    if (ahead & 1u) {
        y = 1.0f / 40320.0f - square / 3628800.0f;
        y = 1.0f + square * (-0.5f + square * (1.0f / 24.0f + square * (-1.0f / 720.0f + square * y)));
    } else {
        y = -1.0f / 5040.0f + square / 362880.0f;
        y = rest * (1.0f + square * (-1.0f / 6.0f + square * (1.0f / 120.0f + square * y)));
    }
    return ahead & 2u ? -y : y;
}
