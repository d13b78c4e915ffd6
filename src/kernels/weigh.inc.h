/* Coefficients of a chunk, class weight times smoothed target, and their sums against its logits. A template, included once per
 * stored type. Expects groups.inc.h and merge.inc.h; defines S(smooth), S(multiply), S(weigh). */

/* n is a multiple of the vector's lanes. Where `uniform` is 0 nothing is added, and zeros keep their signs. */
static inline void S(smooth_vectors)(const STORED *t, double *coef, size_t n, double hot, double uniform)
{
    for (size_t i = 0; i < n; i += VF64_WIDTH) {
        vf64 c = vf64_mul(vf64_set(hot), LOAD_F64(t + i));
        vf64_store(coef + i, uniform == 0 ? c : vf64_add(c, vf64_set(uniform)));
    }
}

static void S(smooth)(const void *targets, double *coef, size_t n, double hot, double uniform)
{
    const STORED *t = targets;
    size_t rest = n % VF64_WIDTH, whole = n - rest;
    STORED last[VF64_WIDTH] = { 0 };
    double last_coef[VF64_WIDTH];
    memcpy(last, t + whole, rest * sizeof(STORED));
    S(smooth_vectors)(t, coef, whole, hot, uniform);
    S(smooth_vectors)(last, last_coef, VF64_WIDTH, hot, uniform);
    memcpy(coef + whole, last_coef, rest * sizeof(double));
}

static inline void S(multiply_vectors)(const STORED *w, double *coef, size_t n)
{
    for (size_t i = 0; i < n; i += VF64_WIDTH) vf64_store(coef + i, vf64_mul(vf64_load(coef + i), LOAD_F64(w + i)));
}

static void S(multiply)(const void *weights, double *coef, size_t n)
{
    const STORED *w = weights;
    size_t rest = n % VF64_WIDTH, whole = n - rest;
    STORED last[VF64_WIDTH] = { 0 };
    double last_coef[VF64_WIDTH] = { 0 };
    memcpy(last, w + whole, rest * sizeof(STORED));
    memcpy(last_coef, coef + whole, rest * sizeof(double));
    S(multiply_vectors)(w, coef, whole);
    S(multiply_vectors)(last, last_coef, VF64_WIDTH);
    memcpy(coef + whole, last_coef, rest * sizeof(double));
}

/* The sums of all lanes in memory, and of one vector of lanes in registers. */
struct S(weighed) {
    struct lanes coef, gap;
    vf64 peak[2]; /* of even and odd vectors: neither waits for the other */
};

struct S(sums) {
    vf64 coef, coef_error, gap, gap_error;
};

static inline void S(sums_load)(struct S(sums) * sums, const struct S(weighed) * weighed, size_t lane)
{
    sums->coef = vf64_load(weighed->coef.sum + lane);
    sums->coef_error = vf64_load(weighed->coef.error + lane);
    sums->gap = vf64_load(weighed->gap.sum + lane);
    sums->gap_error = vf64_load(weighed->gap.error + lane);
}

static inline void S(sums_store)(const struct S(sums) * sums, struct S(weighed) * weighed, size_t lane)
{
    vf64_store(weighed->coef.sum + lane, sums->coef);
    vf64_store(weighed->coef.error + lane, sums->coef_error);
    vf64_store(weighed->gap.sum + lane, sums->gap);
    vf64_store(weighed->gap.error + lane, sums->gap_error);
}

/* Adds groups of 64 classes to the first lanes_used lanes, as many lanes at a time as the sums' registers last. equal: all have
   the coefficient coef[0], and so far all lanes have the same sum of coefficients: one vector of it does. */
static inline __attribute__((always_inline)) void S(weigh_groups)(const STORED *z, const double *coef, int equal, size_t groups,
                                                                  size_t lanes_used, double max, struct S(weighed) * weighed)
{
    enum { VECTORS = SWEEP * WIDTH / VF64_WIDTH };
    const vf64 base = vf64_set(max);
    vf64 peak[2] = { weighed->peak[0], weighed->peak[1] };
    for (size_t lane = 0; lane < lanes_used; lane += SWEEP * WIDTH) {
        struct S(sums) sum[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) S(sums_load)(&sum[v], weighed, lane + v * VF64_WIDTH);
        for (size_t g = 0; g < groups; g++)
            for (size_t v = 0; v < VECTORS; v++) {
                size_t at = XENT_LANES * g + lane + v * VF64_WIDTH;
                vf64 c = equal ? vf64_set(coef[0]) : vf64_load(coef + at);
                vf64 term = vf64_unless_zero(c, vf64_mul(c, vf64_sub(base, LOAD_F64(z + at))));
                F(accumulate)(&sum[v].gap, &sum[v].gap_error, term);
                if (equal && v > 0) continue;
                F(accumulate)(&sum[v].coef, &sum[v].coef_error, c);
                peak[v % 2] = vf64_max(vf64_abs(c), peak[v % 2]);
            }
        for (size_t v = 0; v < VECTORS; v++) {
            if (equal) {
                sum[v].coef = sum[0].coef;
                sum[v].coef_error = sum[0].coef_error;
            }
            S(sums_store)(&sum[v], weighed, lane + v * VF64_WIDTH);
        }
    }
    weighed->peak[0] = peak[0];
    weighed->peak[1] = peak[1];
}

/* The classes behind the last whole group are a group with coefficients of 0: no sum is -0, so adding 0 changes none. */
static void S(weigh)(const void *logits, const struct xent_chunk_coef *coef, size_t n, struct xent_state *state)
{
    const STORED *z = logits;
    double base = state->max == -(double)INFINITY ? 0 : state->max;
    size_t rest = n % XENT_LANES, whole = n - rest;
    struct S(weighed) weighed;
    memset(&weighed, 0, sizeof weighed);
    if (coef->step == 0)
        S(weigh_groups)(z, coef->at, 1, whole / XENT_LANES, XENT_LANES, base, &weighed);
    else
        S(weigh_groups)(z, coef->at, 0, whole / XENT_LANES, XENT_LANES, base, &weighed);
    if (rest > 0) {
        STORED last[XENT_LANES] = { 0 };
        double last_coef[XENT_LANES] = { 0 };
        memcpy(last, z + whole, rest * sizeof(STORED));
        for (size_t i = 0; i < rest; i++) last_coef[i] = coef->at[(whole + i) * coef->step];
        S(weigh_groups)(last, last_coef, 0, 1, rest, base, &weighed);
    }
    state->coef = F(total)(&weighed.coef);
    state->gap = F(total)(&weighed.gap);
    state->coef_peak = vf64_max_lane(vf64_max(weighed.peak[0], weighed.peak[1]));
}
