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

/* Takes the maxima out of the sums. First reads the logits of a class of each row, which may be the maximum; of NULL: none. */
static inline void tile_take_out(real *tile, size_t rows, const int32_t *first, const int32_t *class_index, double *logit)
{
    if (class_index == NULL) {
        for (size_t r = 0; r < rows; r++) tile[tile_index(r, first[r])] = -(real)INFINITY;
        return;
    }
    clear_last(logit, rows);
    for (size_t r = 0; r < rows; r++) {
        logit[r] = (double)tile[tile_index(r, class_index[r])];
        tile[tile_index(r, first[r])] = -(real)INFINITY;
    }
}

static inline void tile_put_back(real *tile, size_t rows, const int32_t *first, const double *logit)
{
    for (size_t r = 0; r < rows; r++) tile[tile_index(r, first[r])] = (real)logit[r];
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

/* The sums of n vectors of rows, from row r on: of their terms and, where these are HEATED, of the heat. */
static inline __attribute__((always_inline)) void tile_sum_rows(real *tile, size_t r, size_t n, size_t classes, enum fate fate,
                                                                const real *exponent, const double *max,
                                                                const struct xent_tile_ahead *ahead, double *sum, double *heat)
{
    struct tile_term_rows of; /* whose lines would take long to clear */
    double *const total[] = { sum + r, heat + r };
    of.tile = tile + r;
    of.classes = classes;
    EACH (v, n) of.shared[v] = references(v_load(exponent + r + v * WIDTH));
    for (size_t v = 0; fate == HEATED && v < n; v++) of.top[v] = tile_reals(max + r + v * WIDTH);
    find_lines(ahead, r, n * WIDTH, &of.ahead);
    if (classes <= XENT_LANES)
        tile_sum(&of, n, fate, true, total);
    else
        tile_sum(&of, n, fate, false, total);
}

static inline __attribute__((always_inline)) void tile_sum_all(real *tile, size_t rows, size_t classes, enum fate fate,
                                                               const real *exponent, const double *max,
                                                               const struct xent_tile_ahead *ahead, double *sum, double *heat)
{
    size_t r = 0;
    for (; r + (BESIDE - 1) * WIDTH < rows; r += BESIDE * WIDTH)
        tile_sum_rows(tile, r, BESIDE, classes, fate, exponent, max, ahead, sum, heat);
    if (r < rows) tile_sum_rows(tile, r, 1, classes, fate, exponent, max, ahead, sum, heat);
}

/* What the sums of terms are taken by: the exponents of the rows' references, and the units that follow from them. It stands between the
   narrow stores of tile_take_out and the vector loads of tile_sum, which wait for them. noinline: one body for all kernels. */
static __attribute__((noinline)) void tile_refer(size_t rows, struct xent_tile *state, real *exponent)
{
    double widened[XENT_TILE];
    for (size_t r = 0; r < rows; r += WIDTH) {
        vector of_rows = tile_exponents(state->max + r);
        v_store(exponent + r, of_rows);
        store_row_doubles(widened + r, of_rows);
    }
    units_of(widened, state->max, state->unit, whole_rows(rows));
}

static size_t tile_terms(void *logits, size_t rows, size_t classes, enum xent_tile_keeps keeps, bool weighed,
                         const struct xent_tile_ahead *ahead, struct xent_tile *state)
{
    real *tile = logits, exponent[XENT_TILE];
    double sum[XENT_TILE], at_first[XENT_TILE];
    const bool keep = keeps == XENT_KEEPS_TERMS_FOR_TARGETS;
    if (keep || keeps == XENT_KEEPS_TARGETS)
        tile_take_out(tile, rows, state->first, state->target, state->at_target);
    else
        tile_take_out(tile, rows, state->first, keeps == XENT_KEEPS_LOGITS ? state->first : NULL, at_first);
    tile_refer(rows, state, exponent);
    if (keeps < XENT_KEEPS_TERMS)
        tile_sum_all(tile, rows, classes, DROPPED, exponent, state->max, ahead, sum, sum);
    else
        tile_sum_all(tile, rows, classes, KEPT, exponent, state->max, ahead, sum, sum);
    if (keeps == XENT_KEEPS_LOGITS) tile_put_back(tile, rows, state->first, at_first);
    EACH_ROW (r, rows) state->rest[r] = sum[r] * (0x1p-64 * state->unit[r]);
    if (keep) clear_last(state->target_term, rows);
    for (size_t r = 0; r < rows && keep; r++) state->target_term[r] = (double)tile[tile_index(r, state->target[r])];
    return find_regular(rows, weighed, state);
}

#endif
