/* The first and second pass over rows that lie side by side in the lanes. A template, included once per element type. Expects
 * exp.inc.h and lanes.inc.h; defines F(tile_reduce), F(tile_rescale).
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

/* The sum of the terms of one lane of WIDTH rows; they replace the logits if they are to be kept. */
static inline __attribute__((always_inline)) struct F(sum)
    F(tile_lane)(REAL *tile, size_t lane, size_t classes, struct F(term) shared, int keep)
{
    struct F(sum) sum = F(sum_none)();
    for (size_t c = lane, group = 1; c < classes; c += XENT_LANES, group++) {
        VEC scale, rest;
        F(exp)(shared, V(load)(tile + c * XENT_TILE), &scale, &rest);
        F(sum_add)(&sum, scale, rest);
        if (keep) V(store)(tile + c * XENT_TILE, V(fma)(scale, rest, scale));
        if (group % BLOCK_GROUPS == 0 || c + XENT_LANES >= classes) F(sum_flush)(&sum);
    }
    return sum;
}

/* The lanes of a chunk's tree; those beyond the classes would be 0. */
static inline __attribute__((always_inline)) void F(tile_sum)(REAL *tile, size_t classes, VEC reference, int keep, double *sum)
{
    struct F(term) shared = F(terms)(reference);
    struct F(sum) lane[XENT_LANES];
    size_t lanes = classes < XENT_LANES ? classes : XENT_LANES, half = XENT_LANES / 2;
    for (size_t i = 0; i < lanes; i++) lane[i] = F(tile_lane)(tile, i, classes, shared, keep);
    while (half >= lanes) half /= 2;
    for (; half >= 1; half /= 2)
        for (size_t i = 0; i < half && i + half < lanes; i++) F(sum_join)(&lane[i], &lane[i + half]);
    F(sum_total)(&lane[0], sum);
}

static void F(tile_reduce)(void *logits, size_t rows, size_t classes, int keep, struct xent_tile *out)
{
    REAL *tile = logits, max[XENT_TILE], first[XENT_TILE], reference[XENT_TILE];
    double sum[XENT_TILE];
    for (size_t r = 0; r < rows; r += WIDTH) F(tile_maximum)(tile + r, classes, max + r, first + r, reference + r);
    for (size_t r = 0; r < rows; r++) {
        out->regular[r] = (max[r] < 0 ? -max[r] : max[r]) <= LARGE;
        out->first[r] = (size_t)(int32_t)first[r];
        if (out->regular[r]) tile[out->first[r] * XENT_TILE + r] = -(REAL)INFINITY;
    }
    for (size_t r = 0; r < rows && keep; r += WIDTH) F(tile_sum)(tile + r, classes, V(load)(reference + r), 1, sum + r);
    for (size_t r = 0; r < rows && !keep; r += WIDTH) F(tile_sum)(tile + r, classes, V(load)(reference + r), 0, sum + r);
    for (size_t r = 0; r < rows; r++) {
        out->max[r] = (double)max[r];
        out->unit[r] = F(unit)((double)reference[r], (double)max[r]);
        out->rest[r] = sum[r] * (0x1p-64 * out->unit[r]);
    }
}

static void F(tile_rescale)(void *terms, size_t rows, size_t classes, const double *scale)
{
    REAL *tile = terms, lower[XENT_TILE], factor[XENT_TILE];
    for (size_t r = 0; r < XENT_TILE; r++) {
        double wanted = r < rows ? scale[r] : 0;
        int tiny = fabs(wanted) < TINY;
        lower[r] = tiny ? (REAL)0x1p-64 : (REAL)1;
        factor[r] = (REAL)(tiny ? wanted : wanted * 0x1p-64);
    }
    for (size_t c = 0; c < classes; c++, tile += XENT_TILE)
        for (size_t r = 0; r < rows; r += WIDTH) {
            VEC term = V(mul)(V(load)(tile + r), V(load)(lower + r));
            V(store)(tile + r, V(mul)(term, V(load)(factor + r)));
        }
}
