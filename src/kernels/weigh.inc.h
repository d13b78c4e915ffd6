/* Coefficients (class weight times target) of a chunk against its logits. A template, included once per stored type. Expects
 * groups.inc.h and merge.inc.h; defines S(weigh). */

static void S(weigh)(const void *logits, const double *coef, size_t n, struct xent_state *state)
{
    const STORED *z = logits;
    struct lanes sum, gap;
    double base = state->max == -(double)INFINITY ? 0 : state->max, peak = 0;
    memset(&sum, 0, sizeof sum);
    memset(&gap, 0, sizeof gap);
    for (size_t i = 0; i < n; i += XENT_LANES, coef += XENT_LANES) {
        size_t count = group_size(n, i);
        REAL x[XENT_LANES];
        S(read)(z + i, count, x);
        for (size_t lane = 0; lane < count; lane++) {
            double size = fabs(coef[lane]), term = coef[lane] * (base - (double)x[lane]);
            peak = size > peak ? size : peak;
            F(accumulate)(&sum, lane, coef[lane]);
            F(accumulate)(&gap, lane, coef[lane] == 0 ? 0 : term);
        }
    }
    state->coef = F(total)(&sum);
    state->gap = F(total)(&gap);
    state->coef_peak = peak;
}
