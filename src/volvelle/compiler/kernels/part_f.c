/* The sum of products, by sixteens: long sums of numbers that cancel lose fewer digits. */
static float vv_part_f(VV_CONST float *a, const float *b, int n) {
    float sum = 0;
    for (int i = 0; i < n;) {
        const int end = n - i > 16 ? i + 16 : n;
        float some = 0;
        for (; i < end; i++) some += a[i] * b[i];
        sum += some;
    }
    return sum;
}
