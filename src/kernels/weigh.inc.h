/* Coefficients (class weight times target) of a chunk against its logits. A template, included once per stored type. Expects
 * groups.inc.h and merge.inc.h; defines S(weigh). */

/* The lanes' sums so far. */
struct S(weighed) {
    struct lanes sum, gap;
    vf64 peak[2]; /* of even and odd vectors: neither waits for the other */
};

/* Adds groups of 64 classes to the first lanes_used lanes, as many lanes at a time as the sums' registers last. */
static inline void S(weigh_groups)(const STORED *z, const double *coef, size_t groups, size_t lanes_used, double max,
                                   struct S(weighed) * weighed)
{
    enum { VECTORS = SWEEP * WIDTH / VF64_WIDTH };
    const vf64 base = vf64_set(max);
    vf64 peak[2] = { weighed->peak[0], weighed->peak[1] };
    for (size_t lane = 0; lane < lanes_used; lane += SWEEP * WIDTH) {
        vf64 sum[VECTORS], sum_error[VECTORS], gap[VECTORS], gap_error[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            sum[v] = vf64_load(weighed->sum.sum + lane + v * VF64_WIDTH);
            gap[v] = vf64_load(weighed->gap.sum + lane + v * VF64_WIDTH);
            sum_error[v] = vf64_load(weighed->sum.error + lane + v * VF64_WIDTH);
            gap_error[v] = vf64_load(weighed->gap.error + lane + v * VF64_WIDTH);
        }
        for (size_t g = 0; g < groups; g++)
            for (size_t v = 0; v < VECTORS; v++) {
                size_t at = XENT_LANES * g + lane + v * VF64_WIDTH;
                vf64 c = vf64_load(coef + at), term = vf64_mul(c, vf64_sub(base, LOAD_F64(z + at)));
                peak[v % 2] = vf64_max(vf64_abs(c), peak[v % 2]);
                F(accumulate)(&sum[v], &sum_error[v], c);
                F(accumulate)(&gap[v], &gap_error[v], vf64_unless_zero(c, term));
            }
        for (size_t v = 0; v < VECTORS; v++) {
            vf64_store(weighed->sum.sum + lane + v * VF64_WIDTH, sum[v]);
            vf64_store(weighed->gap.sum + lane + v * VF64_WIDTH, gap[v]);
            vf64_store(weighed->sum.error + lane + v * VF64_WIDTH, sum_error[v]);
            vf64_store(weighed->gap.error + lane + v * VF64_WIDTH, gap_error[v]);
        }
    }
    weighed->peak[0] = peak[0];
    weighed->peak[1] = peak[1];
}

/* The classes behind the last whole group are a group with coefficients of 0: no sum is -0, so adding 0 changes none. */
static void S(weigh)(const void *logits, const double *coef, size_t n, struct xent_state *state)
{
    const STORED *z = logits;
    double base = state->max == -(double)INFINITY ? 0 : state->max;
    size_t rest = n % XENT_LANES, whole = n - rest;
    struct S(weighed) weighed;
    memset(&weighed, 0, sizeof weighed);
    S(weigh_groups)(z, coef, whole / XENT_LANES, XENT_LANES, base, &weighed);
    if (rest > 0) {
        STORED last[XENT_LANES] = { 0 };
        double last_coef[XENT_LANES] = { 0 };
        memcpy(last, z + whole, rest * sizeof(STORED));
        memcpy(last_coef, coef + whole, rest * sizeof(double));
        S(weigh_groups)(last, last_coef, 1, rest, base, &weighed);
    }
    state->coef = F(total)(&weighed.sum);
    state->gap = F(total)(&weighed.gap);
    state->coef_peak = vf64_max_lane(vf64_max(weighed.peak[0], weighed.peak[1]));
}
