/* Scores of all pairs of classes; the vectors of class c are those from ends[c] on. */
static void vv_duels_f(const float *near, VV_CONST float *weights, VV_CONST float *rho, VV_CONST int32_t *ends, float *y,
                       int classes) {
    const int all = (int)ends[classes];
    for (int a = 0; a < classes; a++)
        for (int b = a + 1; b < classes; b++) {
            const int i = (int)ends[a], j = (int)ends[b];
            const float first = vv_part_f(weights + (b - 1) * all + i, near + i, (int)ends[a + 1] - i);
            *y++ = first + vv_part_f(weights + a * all + j, near + j, (int)ends[b + 1] - j) + *rho++;
        }
}
