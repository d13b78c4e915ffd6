/* The first pass over a chunk: its maximum m, and the sum of the others over e^m. A template, included once per stored type, whose
 * parameters backend.inc.h explains. Elements become REAL as they are loaded. Expects exp.inc.h and lanes.inc.h; defines S(reduce).
 *
 * The first maximum is left out of the sum (Blanchard, Higham and Higham 2021, "Accurately computing the log-sum-exp and softmax
 * functions", Algorithm 4.1), so nothing tiny is ever added to 1. That costs nothing in the loop: its group of 64 classes is read from
 * a copy in which it is -inf. Equal logits further on are ordinary terms. */

/* Where the loop reads the groups of 64 classes from. */
struct S(groups) {
    const STORED *z;
    size_t count;    /* groups, a partial one included */
    size_t whole;    /* index of the partial group; count if there is none */
    size_t replaced; /* index of the group read from `patch` */
    STORED tail[XENT_LANES];
    STORED patch[XENT_LANES];
};

static inline const STORED *S(group)(const struct S(groups) * groups, size_t g)
{
    const STORED *p = groups->z + XENT_LANES * g;
    p = g == groups->whole ? groups->tail : p;
    return g == groups->replaced ? groups->patch : p;
}

static inline void S(set_groups)(struct S(groups) * groups, const STORED *z, size_t n)
{
    STORED padding[XENT_LINE / sizeof(STORED)];
    size_t rest = n % XENT_LANES;
    groups->z = z;
    groups->whole = n / XENT_LANES;
    groups->count = groups->whole + (rest > 0);
    groups->replaced = SIZE_MAX;
    if (rest == 0) return;
    for (size_t i = 0; i < XENT_LINE / sizeof(STORED); i++) padding[i] = MINUS_INFINITY;
    copy_padded(groups->tail, z + XENT_LANES * groups->whole, rest * sizeof(STORED), sizeof groups->tail, padding);
}

/* SWEEP vectors of elements that stand one behind the other. PAIRED: of each two vectors the one gets the even, the other the odd
   elements, which is cheaper where a word holds two of them; every lane of a chunk's sums still adds up its own classes. */
static inline void S(load_sweep)(const STORED *p, VEC *x)
{
#if PAIRED
    for (size_t v = 0; v < SWEEP; v += 2) LOAD_PAIR(p + v * WIDTH, &x[v]);
#else
    EACH (v, SWEEP) x[v] = LOAD(p + v * WIDTH);
#endif
}

/* A sweep of terms in the order of memory. */
static inline void S(store_sweep)(REAL *to, VEC *x)
{
#if PAIRED
    for (size_t v = 0; v < SWEEP; v += 2) V(interleave)(&x[v]);
#endif
    EACH (v, SWEEP) V(store)(to + v * WIDTH, x[v]);
}

static inline void S(store_sums)(const struct F(sum) * sum, struct lanes *lanes, size_t lane)
{
#if PAIRED
    struct lanes apart;
    EACH (v, SWEEP) F(sum_store)(&sum[v], &apart, v * WIDTH);
    for (size_t v = 0; v < SWEEP; v++)
        for (size_t i = 0; i < WIDTH; i++) lanes->sum[lane + v / 2 * 2 * WIDTH + 2 * i + v % 2] = apart.sum[v * WIDTH + i];
#else
    EACH (v, SWEEP) F(sum_store)(&sum[v], lanes, lane + v * WIDTH);
#endif
}

/* The maxima of a group, lane by lane of one vector. */
static inline VEC S(maximum_of_group)(const STORED *p)
{
    VEC x[XENT_LANES / WIDTH];
    for (size_t v = 0; v < XENT_LANES / WIDTH; v += SWEEP) S(load_sweep)(p + v * WIDTH, &x[v]);
    for (size_t half = XENT_LANES / WIDTH / 2; half >= 1; half /= 2)
        for (size_t v = 0; v < half; v++) x[v] = V(max)(x[v], x[v + half]);
    return x[0];
}

/* The largest logit, +0 for -0; `of_group` receives each group's vector of maxima. A NaN can be missed, and a logit beside one. */
static inline REAL S(maximum)(const struct S(groups) * groups, VEC *of_group)
{
    VEC all = V(set)(-(REAL)INFINITY);
    for (size_t g = 0; g < groups->whole; g++) {
        of_group[g] = S(maximum_of_group)(groups->z + XENT_LANES * g);
        all = V(max)(all, of_group[g]);
    }
    if (groups->count > groups->whole) {
        of_group[groups->whole] = S(maximum_of_group)(groups->tail);
        all = V(max)(all, of_group[groups->whole]);
    }
    return V(max_lane)(all) + (REAL)0;
}

/* Finds the first class at the maximum and takes it out of the sum. Among NaN there may be none; then nothing is taken out, so that
   no NaN is. */
static inline size_t S(take_out)(struct S(groups) * groups, const VEC *of_group, REAL max)
{
    VEC wanted = V(set)(max);
    size_t g = 0;
    while (g + 1 < groups->count && V(equal)(of_group[g], wanted) == 0) g++;
    memcpy(groups->patch, S(group)(groups, g), sizeof groups->patch);
    groups->replaced = g;
    for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) {
        unsigned equal = V(equal)(LOAD(groups->patch + lane), wanted);
        if (equal == 0) continue;
        lane += (size_t)__builtin_ctz(equal);
        groups->patch[lane] = MINUS_INFINITY;
        return XENT_LANES * g + lane;
    }
    return 0;
}

/* The lines of a sweep that begins at this lane, each once: a sweep may have several, or a part of one. always_inline: gcc takes
   the function for one without effect and drops the call. */
static inline __attribute__((always_inline)) void S(prefetch)(const STORED *p, size_t lane)
{
    if (SWEEP * WIDTH * sizeof(STORED) < XENT_LINE && lane * sizeof(STORED) % XENT_LINE != 0) return;
    for (size_t i = 0; i < SWEEP * WIDTH; i += XENT_LINE / sizeof(STORED)) VECTOR_PREFETCH(p + i);
}

/* Groups that stand one behind the other, of one block. */
struct S(run) {
    const STORED *z;
    const STORED *end;
    size_t ahead; /* how far to prefetch: a chunk; 0 in a copy, whose group's lines have been */
    REAL *terms;
    int ends_block; /* and another one follows */
};

/* The partial group and the patched one are runs of their own and may cut two blocks in three. */
#define MOST_RUNS (XENT_CHUNK / XENT_LANES / BLOCK_GROUPS + 4)

static inline size_t S(runs)(const struct S(groups) * groups, REAL *terms, REAL *tail_terms, struct S(run) * runs)
{
    size_t count = 0;
    int copied;
    for (size_t from = 0, to; from < groups->count; from = to) {
        to = (from / BLOCK_GROUPS + 1) * BLOCK_GROUPS;
        if (to > groups->count) to = groups->count;
        if (from == groups->replaced) to = from + 1;
        if (from < groups->replaced && groups->replaced < to) to = groups->replaced;
        if (from < groups->whole && groups->whole < to) to = groups->whole;
        copied = from == groups->replaced || from == groups->whole;
        for (size_t lane = 0; copied && lane < XENT_LANES; lane += SWEEP * WIDTH)
            S(prefetch)(groups->z + XENT_LANES * from + lane + XENT_CHUNK, lane);
        runs[count++] = (struct S(run)){ .z = S(group)(groups, from),
                                         .end = S(group)(groups, from) + XENT_LANES * (to - from),
                                         .ahead = copied ? 0 : XENT_CHUNK,
                                         .terms = terms == NULL           ? NULL
                                                  : from == groups->whole ? tail_terms
                                                                          : terms + XENT_LANES * from,
                                         .ends_block = to % BLOCK_GROUPS == 0 };
    }
    return count;
}

/* Adds the terms of a run to SWEEP vectors of lanes. subtract: logits less `base` are summed; store: the terms are kept. */
static inline __attribute__((always_inline)) void S(add_run)(const struct S(run) * run, size_t lane, struct F(term) shared,
                                                             VEC base, int subtract, int store, struct F(sum) * sum)
{
    const STORED *p = run->z + lane, *end = run->end + lane;
    REAL *out = store ? run->terms + lane : NULL;
    for (; p != end; p += XENT_LANES) {
        VEC x[SWEEP], scale[STAGED], rest[STAGED];
        S(prefetch)(p + run->ahead, lane);
#if PAIRED
        S(load_sweep)(p, x);
#endif
        for (size_t from = 0; from < SWEEP; from += STAGED) {
#if !PAIRED /* where it is their turn: sooner would take registers */
            EACH (v, STAGED) x[from + v] = LOAD(p + (from + v) * WIDTH);
#endif
            EACH (v, STAGED)
                if (subtract) x[from + v] = V(sub)(x[from + v], base);
            F(exps)(shared, STAGED, x + from, scale, rest);
            EACH (v, STAGED) F(sum_add)(&sum[from + v], scale[v], rest[v]);
            EACH (v, STAGED)
                if (store) x[from + v] = V(fma)(scale[v], rest[v], scale[v]);
        }
        if (!store) continue;
        S(store_sweep)(out, x);
        out += XENT_LANES;
    }
    if (!run->ends_block) return;
    EACH (v, SWEEP) F(sum_flush)(&sum[v]);
}

/* Adds the terms of all runs, SWEEP vectors of each group at a time. Sweeps behind the last class of the partial group, which is the
   last run, leave it out: its terms there are +0. */
static inline __attribute__((always_inline)) void S(add_runs)(const struct S(run) * runs, size_t count, size_t rest,
                                                              struct F(term) shared, REAL base, int subtract, int store,
                                                              struct lanes *lanes)
{
    for (size_t lane = 0; lane < XENT_LANES; lane += SWEEP * WIDTH) {
        struct F(sum) sum[SWEEP];
        EACH (v, SWEEP) sum[v] = F(sum_none)();
        if (rest > 0 && rest <= lane) {
            count--;
            rest = 0;
        }
        for (size_t i = 0; i < count; i++) S(add_run)(&runs[i], lane, shared, V(set)(base), subtract, store, sum);
        EACH (v, SWEEP) F(sum_flush)(&sum[v]);
        S(store_sums)(sum, lanes, lane);
    }
}

/* The sum of all terms. */
static inline double S(sum_terms)(const struct S(groups) * groups, size_t n, struct F(term) shared, REAL base, int subtract,
                                  REAL *terms)
{
    struct lanes lanes;
    struct S(run) runs[MOST_RUNS];
    REAL tail_terms[XENT_LANES];
    size_t rest = n % XENT_LANES, count = S(runs)(groups, terms, tail_terms, runs);
    if (subtract && terms != NULL)
        S(add_runs)(runs, count, rest, shared, base, 1, 1, &lanes);
    else if (subtract)
        S(add_runs)(runs, count, rest, shared, base, 1, 0, &lanes);
    else if (terms != NULL)
        S(add_runs)(runs, count, rest, shared, base, 0, 1, &lanes);
    else
        S(add_runs)(runs, count, rest, shared, base, 0, 0, &lanes);
    if (terms != NULL) memcpy(terms + XENT_LANES * groups->whole, tail_terms, rest * sizeof(REAL));
    return F(tree)(&lanes);
}

/* A chunk of nothing but -inf, or one that holds a NaN or +inf. */
static void S(reduce_special)(const STORED *z, size_t n, REAL *terms, struct xent_chunk *chunk)
{
    double rest = 0;
    for (size_t i = 0; i < n; i++) {
        REAL x = GET(z[i]);
        if (x != x)
            rest = (double)NAN;
        else if (x == (REAL)INFINITY && rest == 0)
            rest = (double)INFINITY;
    }
    if (terms != NULL) memset(terms, 0, n * sizeof(REAL));
    chunk->state = (struct xent_state){ rest == 0 ? -(double)INFINITY : (double)INFINITY, rest, 0, 0, 0 };
    chunk->unit = 1;
    chunk->first = 0;
}

static void S(reduce)(const void *logits, size_t n, void *terms, struct xent_chunk *chunk)
{
    const STORED *z = logits;
    struct S(groups) groups;
    VEC of_group[XENT_CHUNK / XENT_LANES];
    REAL max, magnitude, reference;
    double sum;
    int large;
    S(set_groups)(&groups, z, n);
    max = S(maximum)(&groups, of_group);
    magnitude = max < 0 ? -max : max;
    if (!(magnitude < (REAL)INFINITY)) {
        S(reduce_special)(z, n, terms, chunk);
        return;
    }
    large = magnitude > LARGE;
    reference = large ? (REAL)0 : (REAL)rint((double)(max * LOG2E));
    chunk->first = S(take_out)(&groups, of_group, max);
    sum = S(sum_terms)(&groups, n, F(term)(reference), max, large, terms);
    chunk->unit = large ? 1 : F(unit)((double)reference, (double)max);
    chunk->state = (struct xent_state){ (double)max, sum * (0x1p-64 * chunk->unit), 0, 0, 0 };
}

#undef MOST_RUNS
