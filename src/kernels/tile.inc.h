/* The first and second pass over rows that lie side by side in the lanes. A template, included once per element type. Expects
 * exp.inc.h and lanes.inc.h; defines F(tile_reduce), F(tile_factors).
 *
 * A tile holds up to XENT_TILE rows of at most a chunk of classes, class by class. Every row goes through the operations of
 * S(reduce) in the same order, so its bits are the same: what there is a lane of a vector is here an element of an array. */

/* What the first loop over WIDTH rows finds: the largest logit, +0 for -0, the first class at it, and K. */
static inline void F(tile_maximum)(const REAL *tile, size_t classes, REAL *max, REAL *first, REAL *reference)
{
    VEC most = V(set)(-(REAL)INFINITY), at = V(set)((REAL)0), c = at, one = V(set)((REAL)1), shift = V(set)(SHIFT);
    for (const REAL *end = tile + classes * XENT_TILE; tile != end; tile += XENT_TILE) {
        VEC x = V(load)(tile);
        at = V(where_less)(most, x, c, at);
        most = V(max)(x, most);
        c = V(add)(c, one);
    }
    most = V(add)(most, V(set)((REAL)0));
    V(store)(max, most);
    V(store)(first, at);
    V(store)(reference, V(sub)(V(add)(V(mul)(most, V(set)(LOG2E)), shift), shift));
}

/* The term of class c of WIDTH rows, which replaces the logit if it is to be kept. */
static inline __attribute__((always_inline)) void F(tile_term)(REAL *tile, size_t c, struct F(term) shared, int keep,
                                                               VEC *scale, VEC *rest)
{
    F(exp)(shared, V(load)(tile + c * XENT_TILE), scale, rest);
    if (keep) V(store)(tile + c * XENT_TILE, V(fma)(*scale, *rest, *scale));
}

/* The sum of the terms of one lane of WIDTH rows. Of few classes each is a lane of its own. */
static inline __attribute__((always_inline)) struct F(sum)
    F(tile_lane)(REAL *tile, size_t lane, size_t classes, struct F(term) shared, int keep)
{
    VEC scale, rest;
    struct F(sum) sum = F(sum_none)();
    F(tile_term)(tile, lane, shared, keep, &scale, &rest);
    if (classes <= XENT_LANES) return F(sum_one)(scale, rest);
    F(sum_add)(&sum, scale, rest);
    for (size_t c = lane + XENT_LANES, group = 1; c < classes; c += XENT_LANES, group++) {
        if (group % BLOCK_GROUPS == 0) F(sum_flush)(&sum);
        F(tile_term)(tile, c, shared, keep, &scale, &rest);
        F(sum_add)(&sum, scale, rest);
    }
    F(sum_flush)(&sum);
    return sum;
}

/* All lanes, added by halves as the tree of a chunk; those beyond the classes would be 0. */
static inline __attribute__((always_inline)) void F(tile_sum)(REAL *tile, size_t classes, VEC reference, int keep, double *sum)
{
    struct F(term) shared = F(terms)(reference);
    struct F(sum) lane[XENT_LANES / 2];
    size_t lanes = classes < XENT_LANES ? classes : XENT_LANES, half = XENT_LANES / 2;
    while (half >= lanes && half > 1) half /= 2;
    for (size_t i = 0; i < half; i++) {
        lane[i] = F(tile_lane)(tile, i, classes, shared, keep);
        if (i + half >= lanes) continue;
        struct F(sum) other = F(tile_lane)(tile, i + half, classes, shared, keep);
        F(sum_join)(&lane[i], &other);
    }
    for (half /= 2; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) F(sum_join)(&lane[i], &lane[i + half]);
    F(sum_total)(&lane[0], sum);
}

static inline size_t F(tile_index)(size_t row, int32_t class_index) { return (size_t)class_index * XENT_TILE + row; }

static inline size_t F(tile_find_regular)(size_t rows, const REAL *max, struct xent_tile *state)
{
    int32_t count = 0;
    for (size_t r = 0; r < rows; r++) {
        state->regular[r] = (max[r] >= -LARGE) & (max[r] <= LARGE);
        count += state->regular[r];
    }
    return (size_t)count;
}

/* Takes the maxima out of the sums, and reads the logits of the targets before. */
static inline void F(tile_take_out)(REAL *tile, size_t rows, const REAL *first, struct xent_tile *state)
{
    for (size_t r = 0; r < rows; r++) state->first[r] = (int32_t)first[r];
    for (size_t r = 0; r < rows; r++) {
        state->at_target[r] = (double)tile[F(tile_index)(r, state->target[r])];
        tile[F(tile_index)(r, state->first[r])] = -(REAL)INFINITY;
    }
}

static size_t F(tile_reduce)(void *logits, size_t rows, size_t classes, int keep, struct xent_tile *state)
{
    REAL *tile = logits, max[XENT_TILE], first[XENT_TILE], reference[XENT_TILE];
    double sum[XENT_TILE];
    for (size_t r = 0; r < rows; r += WIDTH) F(tile_maximum)(tile + r, classes, max + r, first + r, reference + r);
    F(tile_take_out)(tile, rows, first, state);
    /* Before the sums, which read vectors that hold what has just been taken out. */
    for (size_t r = 0; r < rows; r++) {
        state->max[r] = (double)max[r];
        state->unit[r] = F(unit)((double)reference[r], (double)max[r]);
    }
    for (size_t r = 0; r < rows && keep; r += WIDTH) F(tile_sum)(tile + r, classes, V(load)(reference + r), 1, sum + r);
    for (size_t r = 0; r < rows && !keep; r += WIDTH) F(tile_sum)(tile + r, classes, V(load)(reference + r), 0, sum + r);
    for (size_t r = 0; r < rows; r++) state->rest[r] = sum[r] * (0x1p-64 * state->unit[r]);
    for (size_t r = 0; r < rows && keep; r++) state->target_term[r] = (double)tile[F(tile_index)(r, state->target[r])];
    return F(tile_find_regular)(rows, max, state);
}

/* A term is multiplied by the one, then by the other; what a REAL could not hold as a normal number goes to the terms. */
static inline void F(tile_factors)(const double *scale, size_t rows, REAL *lower, REAL *factor)
{
    for (size_t r = 0; r < rows; r++) {
        int tiny = fabs(scale[r]) < TINY;
        lower[r] = tiny ? (REAL)0x1p-64 : (REAL)1;
        factor[r] = (REAL)(tiny ? scale[r] : scale[r] * 0x1p-64);
    }
}
