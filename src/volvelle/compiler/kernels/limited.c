/* x between two bounds; no number stays none. */
static inline VV_REAL vv_limited(VV_REAL x) { return VV_HELD; }
