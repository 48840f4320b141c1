/* Probabilities of classes from those of their duels, by pairwise coupling (Wu, Lin and Weng, 2004). */
static void vv_couple(const VV_REAL *won, VV_REAL *p) {
    VV_REAL q[VV_CLASSES][VV_CLASSES], qp[VV_CLASSES];
    for (int a = 0; a < VV_CLASSES; a++) q[a][a] = 0;
    for (int a = 0; a < VV_CLASSES; a++)
        for (int b = a + 1; b < VV_CLASSES; b++) {
            const VV_REAL share = *won++, rest = 1 - share;
            q[a][a] += rest * rest;
            q[b][b] += share * share;
            q[a][b] = q[b][a] = -share * rest;
        }
    for (int a = 0; a < VV_CLASSES; a++) p[a] = (VV_REAL)1 / VV_CLASSES;
    for (int turn = 0; turn < VV_MOST; turn++) {
        VV_REAL both = 0, worst = 0;
        for (int a = 0; a < VV_CLASSES; a++) {
            qp[a] = 0;
            for (int b = 0; b < VV_CLASSES; b++) qp[a] += q[a][b] * p[b];
            both += p[a] * qp[a];
        }
        for (int a = 0; a < VV_CLASSES; a++) {
            const VV_REAL gap = qp[a] > both ? qp[a] - both : both - qp[a];
            if (gap > worst) worst = gap;
        }
        if (worst < (VV_REAL)0.005f / VV_CLASSES) break;
        for (int a = 0; a < VV_CLASSES; a++) {
            const VV_REAL step = (both - qp[a]) / q[a][a], by = 1 + step;
            p[a] += step;
            both = (both + step * (step * q[a][a] + 2 * qp[a])) / by / by;
            for (int b = 0; b < VV_CLASSES; b++) {
                qp[b] = (qp[b] + step * q[a][b]) / by;
                p[b] /= by;
            }
        }
    }
}
