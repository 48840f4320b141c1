/* Counts terms of a sorted table in a text; a term is so many words that follow one another. */
static void vv_terms(const VV_KIND *x, float *y) {
    for (int i = 0; i + VV_GRAM <= VV_LENGTH; i++) {
        int low = 0;
        int high = VV_COUNT;
        while (low < high) {
            const int middle = (low + high) / 2;
            int order = 0;
            for (int k = 0; k < VV_GRAM && order == 0; k++) {
                const VV_WORD word = VV_TABLE[middle * VV_GRAM + k];
                order = (x[i + k] > word ? 1 : 0) - (x[i + k] < word ? 1 : 0);
            }
            if (order == 0) {
                y[VV_PLACES[middle]] += 1.0f;
                high = low;
            } else if (order > 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
    }
}
