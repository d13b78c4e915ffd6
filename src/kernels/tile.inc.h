/* The first and second pass over rows that lie side by side in the lanes. A template, included once per element type. Expects
 * exp.inc.h and lanes.inc.h; defines F(tile_reduce), F(tile_rescale).
 *
 * A tile holds up to XENT_TILE rows of at most a chunk of classes, class by class. Every row goes through the operations of
 * S(reduce) in the same order, so its bits are the same: what there is a lane of a vector is here an element of an array. */

/* The largest logit of WIDTH rows, +0 for -0, and the first class at it. */
static inline void F(tile_maximum)(const REAL *tile, size_t classes, REAL *max, REAL *first)
{
    VEC most = V(set)(-(REAL)INFINITY), at = V(set)((REAL)0);
    for (size_t c = 0; c < classes; c++) {
        VEC x = V(load)(tile + c * XENT_TILE);
        at = V(where_less)(most, x, V(set)((REAL)c), at);
        most = V(max)(x, most);
    }
    V(store)(max, V(add)(most, V(set)((REAL)0)));
    V(store)(first, at);
}

/* Adds up what the lanes of a chunk's tree would hold; those beyond the classes would be 0. */
static inline void F(tile_tree)(struct F(sum) * lane, size_t lanes, double *sum)
{
    for (size_t half = XENT_LANES / 2; half >= 1; half /= 2)
        for (size_t i = 0; i < half && i + half < lanes; i++) F(sum_join)(&lane[i], &lane[i + half]);
    F(sum_total)(&lane[0], sum);
}

/* The sum of the terms of WIDTH rows; they replace the logits if they are to be kept. */
static inline __attribute__((always_inline)) void F(tile_sum)(REAL *tile, size_t classes, VEC reference, int keep, double *sum)
{
    struct F(term) shared = F(terms)(reference);
    struct F(sum) lane[XENT_LANES];
    size_t lanes = classes < XENT_LANES ? classes : XENT_LANES;
    for (size_t i = 0; i < lanes; i++) lane[i] = F(sum_none)();
    for (size_t from = 0; from < classes; from += BLOCK_GROUPS * XENT_LANES) {
        size_t to = classes - from < BLOCK_GROUPS * XENT_LANES ? classes : from + BLOCK_GROUPS * XENT_LANES;
        for (size_t c = from; c < to; c++) {
            VEC scale, rest;
            F(exp)(shared, V(load)(tile + c * XENT_TILE), &scale, &rest);
            F(sum_add)(&lane[c % XENT_LANES], scale, rest);
            if (keep) V(store)(tile + c * XENT_TILE, V(fma)(scale, rest, scale));
        }
        for (size_t i = 0; i < lanes; i++) F(sum_flush)(&lane[i]);
    }
    F(tile_tree)(lane, lanes, sum);
}

static void F(tile_reduce)(void *logits, size_t rows, size_t classes, int keep, struct xent_tile *out)
{
    REAL *tile = logits, max[XENT_TILE], first[XENT_TILE], reference[XENT_TILE];
    double sum[XENT_TILE];
    for (size_t r = 0; r < rows; r += WIDTH) F(tile_maximum)(tile + r, classes, max + r, first + r);
    for (size_t r = 0; r < rows; r++) {
        REAL magnitude = max[r] < 0 ? -max[r] : max[r];
        out->regular[r] = magnitude <= LARGE;
        out->first[r] = (size_t)first[r];
        reference[r] = (REAL)rint((double)(max[r] * LOG2E));
        if (out->regular[r]) tile[out->first[r] * XENT_TILE + r] = -(REAL)INFINITY;
    }
    for (size_t r = rows; r % WIDTH != 0; r++) reference[r] = 0;
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
