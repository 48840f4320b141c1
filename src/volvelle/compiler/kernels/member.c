/* Whether a whole number from 0 is in a set; the set is a row of bits. */
static inline bool vv_member(float x, VV_CONST uint8_t *set, int bytes) {
    const int code = x >= 0.0f && x < (float)(bytes * 8) ? (int)x : -1;
    return code >= 0 && (float)code == x && (set[code >> 3] >> (code & 7) & 1) != 0;
}
