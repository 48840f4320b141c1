/* Weights that are unpacked at the first call, and stay. */
static signed char VV_WHERE[VV_COUNT];
static void vv_once(void) {
    static bool done = false;
    signed char *rows = VV_WHERE;
    if (done) return;
    VV_BEGIN
    VV_TAKE;
    done = true;
}
