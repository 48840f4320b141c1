/* a to the power of b in single precision; a negative finite base takes whole powers alone. With a = m 2^k it is
   2^(b k) e^(b log m): the whole part of b k is exact, for b is taken in two parts of 12 bits. */
static float vv_powf(float a, float b) {
    if (b == 0.0f || a == 1.0f) return 1.0f;
    if (a != a || b != b) return VV_NAN;
    const float whole = vv_floorf(b), base = a < 0.0f ? -a : a;
    const bool odd = whole == b && vv_floorf(b * 0.5f) * 2.0f != b;
    if (a < 0.0f && whole != b && base <= FLT_MAX) return VV_NAN;
    float size = 1.0f;
    if (base == 0.0f || base > FLT_MAX || b > FLT_MAX || b < -FLT_MAX) {
        size = base == 1.0f ? 1.0f : (base > 1.0f) == (b > 0.0f) ? VV_INF : 0.0f;
    } else if (base != 1.0f) {
        union { uint32_t bits; float value; } m, most, first, second;
        int k = -127;
        m.value = base;
        if (base < 1.17549435e-38f) {
            m.value *= 16777216.0f;
            k -= 24;
        }
        k += (int)(m.bits >> 23);
        m.bits = (m.bits & 0x7FFFFFu) | 0x3F800000u;
        if (m.value > 1.41421356f) {
            m.value *= 0.5f;
            k++;
        }
        const float by = k == 0 ? b : b > 400.0f ? 400.0f : b < -400.0f ? -400.0f : b;
        most.value = by;
        most.bits &= 0xFFFFF000u;
        const float turns = most.value * (float)k, near = vv_floorf(turns + 0.5f);
        float part = (turns - near + (by - most.value) * (float)k) * 0.693147181f + by * vv_logf(m.value);
        part = part < -400.0f ? -400.0f : part > 400.0f ? 400.0f : part;
        const float more = vv_floorf(part * 1.44269504f + 0.5f);
        const float all = near + more < -252.0f ? -252.0f : near + more > 252.0f ? 252.0f : near + more;
        const int half = (int)(all * 0.5f);
        first.bits = (uint32_t)(half + 127) << 23;
        second.bits = (uint32_t)((int)all - half + 127) << 23;
        size = vv_expf(part - more * 0.693359375f + more * 2.12194440e-4f) * first.value * second.value;
    }
    return odd ? __builtin_copysignf(size, a) : size;
}
