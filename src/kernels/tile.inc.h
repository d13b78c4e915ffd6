/* The first pass over the rows of a tile, side by side in the lanes. Assumes the arithmetic of a variant (real.h).
 *
 * A tile holds up to XENT_TILE rows of at most a chunk of classes, class by class. Every row goes through the operations of
 * `reduce` in the same order, so its bits are the same: what is a lane of a vector there is an element of an array here. */
#ifndef XENT_KERNELS_TILE_INC_H
#define XENT_KERNELS_TILE_INC_H

#include <math.h>

#include "exp.inc.h"
#include "kernels.h"
#include "relate.h"
#include "sum.inc.h"
#include "tile_rows.inc.h"

/* Of WIDTH rows the largest logit, +0 for -0, and the first class at it. */
static inline void tile_maximum(const real *tile, size_t classes, double *max, int32_t *first)
{
    vector most = v_set(-(real)INFINITY), at = v_set((real)0), c = at, one = v_set((real)1);
    real class_index[WIDTH];
    for (const real *end = tile + classes * XENT_TILE; tile != end; tile += XENT_TILE) {
        vector x = v_load(tile);
        at = v_where_less(most, x, c, at);
        most = v_max(x, most);
        c = v_add(c, one);
    }
    store_row_doubles(max, v_add(most, v_set((real)0)));
    v_store(class_index, at);
    _Pragma("GCC unroll 1") for (size_t k = 0; k < WIDTH; k++) first[k] = (int32_t)class_index[k];
}

static void tile_maxima(const void *logits, size_t rows, size_t classes, struct xent_tile *state)
{
    const real *tile = logits;
    for (size_t r = 0; r < rows; r += WIDTH) tile_maximum(tile + r, classes, state->max + r, state->first + r);
}

/* What becomes of the terms once they are summed. */
enum fate { DROPPED, KEPT };

/* WIDTH rows on their way through the terms. */
struct tile_term_rows {
    real *tile;
    size_t row, classes; /* the first of the rows */
    struct reference shared;
    enum fate fate;
    const struct xent_tile_ahead *ahead;
};

/* The term of class c, which takes the logit's place if it is KEPT. */
static inline __attribute__((always_inline)) void tile_term(const struct tile_term_rows *of, size_t c, vector *scale,
                                                            vector *low)
{
    real *at = of->tile + c * XENT_TILE;
    exp_one(of->shared, v_load(at), scale, low);
    fetch_ahead(of->ahead, c, of->row);
    if (of->fate == KEPT) v_store(at, v_fma(*scale, *low, *scale));
}

/* The sum of the terms of one lane. Of few classes each is a lane of its own. */
static inline __attribute__((always_inline)) struct sum tile_lane(const struct tile_term_rows *of, size_t lane)
{
    vector scale, low;
    struct sum sum = sum_none();
    tile_term(of, lane, &scale, &low);
    if (of->classes <= XENT_LANES) return sum_one(scale, low);
    sum_add(&sum, scale, low);
    for (size_t c = lane + XENT_LANES, group = 1; c < of->classes; c += XENT_LANES, group++) {
        if (group % BLOCK_GROUPS == 0) sum_flush(&sum);
        tile_term(of, c, &scale, &low);
        sum_add(&sum, scale, low);
    }
    sum_flush(&sum);
    return sum;
}

/* The distance of the first lanes that are joined, where there are so many: the largest power of two that is smaller. */
static inline size_t tile_half(size_t lanes) { return lanes < 3 ? 1 : (size_t)1 << (63 - __builtin_clzll(lanes - 1)); }

/* The sum of all terms: the lanes are added by halves, as in the tree of a chunk. Lanes behind the last class would be 0. */
static inline __attribute__((always_inline)) void tile_sum(const struct tile_term_rows of, double *sum)
{
    struct sum lane[XENT_LANES / 2];
    size_t lanes = of.classes < XENT_LANES ? of.classes : XENT_LANES, half = tile_half(lanes);
    for (size_t i = 0; i < half; i++) {
        struct sum of_lane = tile_lane(&of, i);
        if (__builtin_expect(i + half < lanes, 1)) {
            struct sum other = tile_lane(&of, i + half);
            sum_join(&of_lane, &other);
        }
        EACH (k, SUMS) lane[i].sum[k] = of_lane.sum[k];
    }
    for (half /= 2; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) sum_join(&lane[i], &lane[i + half]);
    sum_total(&lane[0], sum);
}

static inline size_t tile_index(size_t row, int32_t class_index) { return (size_t)class_index * XENT_TILE + row; }

/* Whether the rows are regular; how many of them are. */
static inline size_t find_regular(size_t rows, bool weighed, struct xent_tile *state)
{
    int32_t count = 0;
    EACH_ROW (r, rows) state->regular[r] = (state->max[r] >= -(double)LARGE) & (state->max[r] <= (double)LARGE);
    for (size_t r = 0; r < rows && weighed; r++) state->regular[r] &= state->gap[r] - state->gap[r] == 0;
    for (size_t r = 0; r < rows; r++) count += state->regular[r];
    return (size_t)count;
}

/* Takes the maxima out of the sums; first reads the targets' logits, one of which may be the maximum. */
static inline void tile_take_out(real *tile, size_t rows, struct xent_tile *state)
{
    clear_last(state->at_target, rows);
    for (size_t r = 0; r < rows; r++) {
        state->at_target[r] = (double)tile[tile_index(r, state->target[r])];
        tile[tile_index(r, state->first[r])] = -(real)INFINITY;
    }
}

/* The exponents of the references of WIDTH rows. */
static inline vector tile_exponents(const double *max)
{
    const vector shift = v_set(INTEGER_SHIFT);
    vf64 parts[PARTS];
    load_row_doubles(max, WIDTH, parts);
    return v_sub(v_add(v_mul(v_narrow(parts), v_set(LOG2E)), shift), shift);
}

static size_t tile_terms(void *logits, size_t rows, size_t classes, bool keep, bool weighed,
                         const struct xent_tile_ahead *ahead, struct xent_tile *state)
{
    real *tile = logits, exponent[XENT_TILE];
    double widened[XENT_TILE], sum[XENT_TILE];
    tile_take_out(tile, rows, state);
    /* Done here to put time between the narrow stores of tile_take_out and the vector loads of tile_sum, which wait for
       them. */
    for (size_t r = 0; r < rows; r += WIDTH) {
        vector of_rows = tile_exponents(state->max + r);
        v_store(exponent + r, of_rows);
        store_row_doubles(widened + r, of_rows);
    }
    units_of(widened, state->max, state->unit, whole_rows(rows));
    for (size_t r = 0; r < rows; r += WIDTH) {
        struct reference shared = references(v_load(exponent + r));
        if (keep)
            tile_sum((struct tile_term_rows){ tile + r, r, classes, shared, KEPT, ahead }, sum + r);
        else
            tile_sum((struct tile_term_rows){ tile + r, r, classes, shared, DROPPED, ahead }, sum + r);
    }
    EACH_ROW (r, rows) state->rest[r] = sum[r] * (0x1p-64 * state->unit[r]);
    if (keep) clear_last(state->target_term, rows);
    for (size_t r = 0; r < rows && keep; r++) state->target_term[r] = (double)tile[tile_index(r, state->target[r])];
    return find_regular(rows, weighed, state);
}

#endif
