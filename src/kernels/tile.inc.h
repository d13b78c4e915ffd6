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

/* Of n vectors of rows the largest logits, +0 for -0, and the first classes at them. Several go side by side: each waits for the class
   before. */
static inline __attribute__((always_inline)) void tile_maxima_of(const real *tile, size_t n, size_t classes, double *max,
                                                                 int32_t *first)
{
    enum { MOST = 4 };
    vector most[MOST], at[MOST], c = v_set((real)0), one = v_set((real)1);
    real class_index[MOST * WIDTH];
    EACH (v, n) most[v] = v_set(-(real)INFINITY);
    EACH (v, n) at[v] = v_set((real)0);
    for (const real *end = tile + classes * XENT_TILE; tile != end; tile += XENT_TILE) {
        EACH (v, n) {
            vector x = v_load(tile + v * WIDTH);
            at[v] = v_where_less(most[v], x, c, at[v]);
            most[v] = v_max(x, most[v]);
        }
        c = v_add(c, one);
    }
    EACH (v, n) store_row_doubles(max + v * WIDTH, v_add(most[v], v_set((real)0)));
    EACH (v, n) v_store(class_index + v * WIDTH, at[v]);
    _Pragma("GCC unroll 1") for (size_t k = 0; k < n * WIDTH; k++) first[k] = (int32_t)class_index[k];
}

static void tile_maxima(const void *logits, size_t rows, size_t classes, struct xent_tile *state)
{
    const real *tile = logits;
    size_t r = 0;
    for (; r + 3 * WIDTH < rows; r += 4 * WIDTH) tile_maxima_of(tile + r, 4, classes, state->max + r, state->first + r);
    for (; r < rows; r += WIDTH) tile_maxima_of(tile + r, 1, classes, state->max + r, state->first + r);
}

/* Whether the rows are regular; how many of them are. */
static inline size_t find_regular(size_t rows, bool weighed, struct xent_tile *state)
{
    double nothing[XENT_TILE]; /* 0 of a sum, and a gap, that is finite */
    int32_t count = 0;
    EACH_ROW (r, rows) {
        double gap = weighed ? state->gap[r] : 0;
        nothing[r] = (state->rest[r] - state->rest[r]) + (gap - gap);
    }
    EACH_ROW (r, rows)
        state->regular[r] = (state->max[r] >= -(double)LARGE) & (state->max[r] <= (double)LARGE) & (nothing[r] == 0);
    for (size_t r = 0; r < rows; r++) count += state->regular[r];
    return (size_t)count;
}

static inline size_t tile_index(size_t row, int32_t class_index) { return (size_t)class_index * XENT_TILE + row; }

static inline void tile_read_targets(const real *tile, size_t rows, struct xent_tile *state)
{
    clear_last(state->at_target, rows);
    for (size_t r = 0; r < rows; r++) state->at_target[r] = (double)tile[tile_index(r, state->target[r])];
}

/* The doubles of WIDTH rows as reals. */
static inline vector tile_reals(const double *of_row)
{
    vf64 parts[PARTS];
    load_row_doubles(of_row, WIDTH, parts);
    return v_narrow(parts);
}

/* The exponents of the references of WIDTH rows. */
static inline vector tile_exponents(const double *max)
{
    const vector shift = v_set(INTEGER_SHIFT);
    return v_sub(v_add(v_mul(tile_reals(max), v_set(LOG2E)), shift), shift);
}

/* What the sums of the terms of a tile's rows begin with. */
struct tile_references {
    real exponent[XENT_TILE], first[XENT_TILE];
};

/* Fills in `unit` as well. noinline: one body for all kernels. */
static __attribute__((noinline)) void find_references(size_t rows, struct xent_tile *state, struct tile_references *references)
{
    double widened[XENT_TILE];
    for (size_t r = 0; r < rows; r += WIDTH) {
        vector of_rows = tile_exponents(state->max + r);
        v_store(references->exponent + r, of_rows);
        store_row_doubles(widened + r, of_rows);
    }
    class_numbers(state->first, rows, references->first);
    units_of(widened, state->max, state->unit, whole_rows(rows));
}

/* The sums of n vectors of rows, from row r on: of their terms and, where these are HEATED, of the heat. */
static inline __attribute__((always_inline)) void tile_sum_rows(real *tile, size_t r, size_t n, size_t classes, enum fate fate,
                                                                const struct tile_references *references_of, const double *max,
                                                                const struct xent_tile_ahead *ahead, double *sum, double *heat)
{
    struct tile_term_rows of; /* whose lines would take long to clear */
    double *const total[] = { sum + r, heat + r };
    of.tile = tile + r;
    of.classes = classes;
    EACH (v, n) of.shared[v] = references(v_load(references_of->exponent + r + v * WIDTH));
    EACH (v, n) of.first[v] = v_load(references_of->first + r + v * WIDTH);
    for (size_t v = 0; fate == HEATED && v < n; v++) of.top[v] = tile_reals(max + r + v * WIDTH);
    find_lines(ahead, r, n * WIDTH, &of.ahead);
    if (classes <= XENT_LANES)
        tile_sum(&of, n, fate, true, total);
    else
        tile_sum(&of, n, fate, false, total);
}

static inline __attribute__((always_inline)) void tile_sum_all(real *tile, size_t rows, size_t classes, enum fate fate,
                                                               const struct tile_references *references, const double *max,
                                                               const struct xent_tile_ahead *ahead, double *sum, double *heat)
{
    size_t r = 0;
    for (; r + (BESIDE - 1) * WIDTH < rows; r += BESIDE * WIDTH)
        tile_sum_rows(tile, r, BESIDE, classes, fate, references, max, ahead, sum, heat);
    if (r < rows) tile_sum_rows(tile, r, 1, classes, fate, references, max, ahead, sum, heat);
}

static size_t tile_terms(void *logits, size_t rows, size_t classes, enum xent_tile_keeps keeps, bool weighed,
                         const struct xent_tile_ahead *ahead, struct xent_tile *state)
{
    real *tile = logits;
    struct tile_references references;
    double sum[XENT_TILE];
    const bool terms_for_targets = keeps == XENT_KEEPS_TERMS_FOR_TARGETS;
    if (terms_for_targets || keeps == XENT_KEEPS_LOGITS_FOR_TARGETS) tile_read_targets(tile, rows, state);
    find_references(rows, state, &references);
    if (keeps < XENT_KEEPS_TERMS)
        tile_sum_all(tile, rows, classes, DROPPED, &references, state->max, ahead, sum, sum);
    else
        tile_sum_all(tile, rows, classes, KEPT, &references, state->max, ahead, sum, sum);
    EACH_ROW (r, rows) state->rest[r] = sum[r] * (0x1p-64 * state->unit[r]);
    if (terms_for_targets) clear_last(state->target_term, rows);
    for (size_t r = 0; r < rows && terms_for_targets; r++)
        state->target_term[r] = (double)tile[tile_index(r, state->target[r])];
    return find_regular(rows, weighed, state);
}

#endif
