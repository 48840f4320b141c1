/* Rows as counters of 16 bits. A window counts its first 65,535 rows, so that none can pass its end. */
#define VV_FULL 65535u
static uint16_t vv_counts[VV_COUNTERS];
static uint32_t vv_state[3]; /* starts of the device, windows since, rows of this window */
static uint8_t vv_device[8];

#if VV_SCORES || (VV_NUMBERS && !VV_INT8)
/* The place of a float in the order of all, as a whole number: cores without floating point compare those quickly. */
static int32_t vv_key(float value) {
    const union { float real; int32_t bits; } both = {value};
    return both.bits ^ (int32_t)((uint32_t)(both.bits >> 31) >> 1);
}
/* How many of 15 rising cuts a key reaches. */
static int vv_bin(const int32_t *cuts, int32_t key) {
    int at = 0;
    for (int step = 8; step > 0; step >>= 1) at += key >= cuts[at + step - 1] ? step : 0;
    return at;
}
#endif

void VV_NAME(count)(VV_ARGUMENTS) {
    uint16_t *counts = vv_counts;
    if (vv_state[2] != 0xFFFFFFFFu) vv_state[2]++;
    if (vv_state[2] > VV_FULL) return;
#if VV_INT8
    for (int i = 0; i < VV_NUMBERS; i++, counts += 18) {
        const int above = VV_ROW[i] - (int8_t)vv_steps[i][0], most = vv_steps[i][1];
        if ((unsigned)above > (unsigned)most) {
            counts[above < 0 ? 0 : most >> vv_steps[i][2]]++;
            counts[17]++;
        } else counts[above >> vv_steps[i][2]]++;
    }
#elif VV_NUMBERS
    for (int i = 0; i < VV_NUMBERS; i++, counts += 18) {
        const int32_t key = vv_key(VV_ROW[i]);
        if (key < -0x7F800000 || key >= 0x7F800000) { /* infinite, or not a number */
            counts[16]++;
            continue;
        }
        counts[vv_bin(vv_cuts[i], key)]++;
        if (key < vv_limits[i][0] || key > vv_limits[i][1]) counts[17]++;
    }
#endif
#if VV_CODES
    const uint8_t *places = vv_places;
    for (int i = 0; i < VV_CODES; i++) {
        const int known = vv_categories[i], own = vv_own[i];
        const int code = (int)codes[i];
        if (code == -1) counts[own + 1]++;
        else counts[(code >= 0 && code < known ? places[code] : own)]++;
        if (code < -1 || code >= known) counts[own + 2]++;
        places += known;
        counts += own + 3;
    }
#endif
#if VV_TIMES
    for (int i = 0; i < VV_TIMES; i++, counts += 2) {
        if (times[i] == INT64_MIN) counts[0]++;
        else if (times[i] < vv_earliest[i]) counts[1]++;
    }
#endif
#if VV_SCORES
    for (int i = 0; i < VV_SCORES; i++, counts += 16) {
        if (VV_ANSWER[i] != VV_ANSWER[i]) continue;
        const int at = vv_bin(vv_score_cuts[i], vv_key(VV_ANSWER[i]));
        counts[at]++;
#if VV_CLASSES
        if (*label == i) counts[16 * VV_CLASSES + at]++;
#endif
    }
#else
    (void)VV_ANSWER;
#endif
}

void VV_NAME(begin)(const uint8_t device[8], uint32_t boot) {
    for (int i = 0; i < 8; i++) vv_device[i] = device[i];
    vv_state[0] = boot;
}

uint32_t VV_NAME(read)(uint8_t *to) {
    uint8_t *end = to;
    for (int i = 0; i < 19; i++) *end++ = vv_head[i];
    for (int i = 0; i < 8; i++) *end++ = vv_device[i];
    for (int i = 0; i < 3 + VV_COUNTERS; i++) {
        uint32_t value = i < 3 ? vv_state[i] : vv_counts[i - 3];
        for (; value > 127; value >>= 7) *end++ = (uint8_t)(value | 128);
        *end++ = (uint8_t)value;
    }
    for (int i = 0; i < VV_COUNTERS; i++) vv_counts[i] = 0;
    vv_state[1]++;
    vv_state[2] = 0;
    uint32_t check = 0xFFFFFFFFu;
    for (const uint8_t *at = to; at < end; at++) {
        check ^= *at;
        for (int bit = 0; bit < 8; bit++) check = check >> 1 ^ (check & 1 ? 0xEDB88320u : 0);
    }
    check = ~check;
    for (int i = 0; i < 4; i++, check >>= 8) *end++ = (uint8_t)check;
    return (uint32_t)(end - to);
}
