/* The first pass over the rows of a tile, side by side in the lanes. Assumes the arithmetic of a variant (real.h).
 *
 * A tile holds up to XENT_TILE rows of at most a chunk of classes, class by class. Every row goes through the operations of
 * `reduce` in the same order, so its bits are the same: what is a lane of a vector there is an element of an array here. */
#ifndef XENT_KERNELS_TILE_INC_H
#define XENT_KERNELS_TILE_INC_H

#include <math.h>

#include "kernels.h"
#include "relate.h"
#include "tile_terms.inc.h"

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

/* The sums of the terms of n vectors of rows, from row r on. */
static inline __attribute__((always_inline)) void tile_sum_rows(real *tile, size_t r, size_t n, size_t classes, enum fate fate,
                                                                const real *exponent, const struct xent_tile_ahead *ahead,
                                                                double *sum)
{
    struct tile_term_rows of = { .tile = tile + r, .classes = classes };
    EACH (v, n) of.shared[v] = references(v_load(exponent + r + v * WIDTH));
    find_lines(ahead, r, n * WIDTH, &of.ahead);
    if (classes <= XENT_LANES)
        tile_sum(&of, n, fate, true, sum + r);
    else
        tile_sum(&of, n, fate, false, sum + r);
}

static inline __attribute__((always_inline)) void tile_sum_all(real *tile, size_t rows, size_t classes, enum fate fate,
                                                               const real *exponent, const struct xent_tile_ahead *ahead,
                                                               double *sum)
{
    size_t r = 0;
    for (; r + (BESIDE - 1) * WIDTH < rows; r += BESIDE * WIDTH)
        tile_sum_rows(tile, r, BESIDE, classes, fate, exponent, ahead, sum);
    if (r < rows) tile_sum_rows(tile, r, 1, classes, fate, exponent, ahead, sum);
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
    if (keep)
        tile_sum_all(tile, rows, classes, KEPT, exponent, ahead, sum);
    else
        tile_sum_all(tile, rows, classes, DROPPED, exponent, ahead, sum);
    EACH_ROW (r, rows) state->rest[r] = sum[r] * (0x1p-64 * state->unit[r]);
    if (keep) clear_last(state->target_term, rows);
    for (size_t r = 0; r < rows && keep; r++) state->target_term[r] = (double)tile[tile_index(r, state->target[r])];
    return find_regular(rows, weighed, state);
}

#endif
