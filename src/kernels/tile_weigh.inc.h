/* The coefficients of the rows of a tile and their sums against the logits. Assumes the arithmetic of a variant (real.h). As in
 * tile.inc.h, every row goes through the operations of `weigh` in the same order. */
#ifndef XENT_KERNELS_TILE_WEIGH_INC_H
#define XENT_KERNELS_TILE_WEIGH_INC_H

#include <math.h>

#include "equal.h"
#include "tile_sums.inc.h"

/* Where the logits have wider vectors than the targets, those meet coefficients of 0 behind the last row. */
static void tile_smooth(const void *targets, size_t rows, size_t classes, double hot, double uniform, const double *w,
                        double *coef)
{
    const size_t end = (rows + XENT_TILE_VECTOR - 1) / XENT_TILE_VECTOR * XENT_TILE_VECTOR;
    const real *t = targets;
    for (size_t c = 0; c < classes; c++, t += XENT_TILE, coef += XENT_TILE) {
        for (size_t r = 0; r < rows; r += VF64_WIDTH) {
            vf64 x = vf64_mul(vf64_set(hot), load_real_doubles(t + r));
            if (uniform != 0) x = vf64_add(x, vf64_set(uniform));
            if (w != NULL) x = vf64_mul(x, vf64_set(w[c]));
            vf64_store(coef + r, x);
        }
        for (size_t r = whole_rows(rows); r < end; r += VF64_WIDTH) vf64_store(coef + r, vf64_set(0.0));
    }
}

/* Of each row's own coefficients, and of those that all rows have. */
static inline vf64 own_coef(const struct tile_rows *rows, size_t c) { return vf64_load(rows->coef + c * XENT_TILE); }
static inline vf64 shared_coef(const struct tile_rows *rows, size_t c) { return vf64_set(rows->coef[c]); }

static inline vf64 tile_gap(const struct tile_rows *rows, size_t c, vf64 coef)
{
    return vf64_unless_zero(coef, vf64_mul(coef, vf64_sub(rows->base, tile_number(rows, c))));
}
static inline vf64 own_gap(const struct tile_rows *rows, size_t c) { return tile_gap(rows, c, own_coef(rows, c)); }
static inline vf64 shared_gap(const struct tile_rows *rows, size_t c) { return tile_gap(rows, c, shared_coef(rows, c)); }

/* ---- Coefficients that each row has for itself: gaps, sums and the largest in one pass, of some vectors of rows side by side ---- */

/* Vectors, and what is kept of each sum: itself and, where COMPENSATED, its error, LOST; without that no room is left for one, since
   compilers would fill it. */
enum { WEIGHED = 2, OF_SUM = COMPENSATED ? 2 : 1, LOST = OF_SUM - 1 };

struct weighed {
    vf64 gap[OF_SUM], coef[OF_SUM], peak;
};

/* Of n vectors of rows what class c adds; the first of a lane meets sums of 0, as in tile_sum_of_lane. */
static inline __attribute__((always_inline)) void weigh_class(const struct tile_rows *rows, const vf64 *base, size_t n,
                                                              size_t c, bool first, struct weighed *found)
{
    EACH (v, n) {
        const vf64 coef = vf64_load(rows->coef + c * XENT_TILE + v * VF64_WIDTH);
        const vf64 logit = load_real_doubles(rows->tile + c * XENT_TILE + v * VF64_WIDTH);
        const vf64 gap = vf64_unless_zero(coef, vf64_mul(coef, vf64_sub(base[v], logit)));
        if (first) {
            found[v].gap[LOST] = found[v].coef[LOST] = vf64_set(0.0);
            found[v].gap[0] = vf64_add(vf64_set(0.0), gap);
            found[v].coef[0] = vf64_add(vf64_set(0.0), coef);
            found[v].peak = vf64_max(vf64_abs(coef), vf64_set(0.0));
        } else {
            accumulate(&found[v].gap[0], &found[v].gap[LOST], gap);
            accumulate(&found[v].coef[0], &found[v].coef[LOST], coef);
            found[v].peak = vf64_max(vf64_abs(coef), found[v].peak);
        }
    }
}

static inline __attribute__((always_inline)) void weigh_lane(const struct tile_rows *rows, const vf64 *base, size_t n, bool few,
                                                             size_t lane, struct weighed *found)
{
    weigh_class(rows, base, n, lane, true, found);
    if (few) return;
    for (size_t c = lane + XENT_LANES; c < rows->classes; c += XENT_LANES) weigh_class(rows, base, n, c, false, found);
}

static inline __attribute__((always_inline)) void join_weighed(struct weighed *left, const struct weighed *right, size_t n)
{
    EACH (v, n) {
        join(&left[v].gap[0], &left[v].gap[LOST], right[v].gap[0], right[v].gap[LOST]);
        join(&left[v].coef[0], &left[v].coef[LOST], right[v].coef[0], right[v].coef[LOST]);
        left[v].peak = vf64_max(right[v].peak, left[v].peak);
    }
}

/* In the order of tile_tree. */
static inline __attribute__((always_inline)) void weigh_own(const struct tile_rows *rows, size_t r, size_t n, bool few,
                                                            const double *base_of_row, struct xent_tile *state)
{
    struct weighed waiting[TREE_LEVELS][WEIGHED], found[WEIGHED], other[WEIGHED];
    const size_t lanes = few ? rows->classes : XENT_LANES, half = tile_half(lanes);
    vf64 base[WEIGHED];
    size_t level = 0;
    EACH (v, n) base[v] = vf64_load(base_of_row + r + v * VF64_WIDTH);
    for (size_t k = 0, i = 0; k < half; k++, i = tree_next(i, half, level)) {
        weigh_lane(rows, base, n, few, i, found);
        if (i + half < lanes) {
            weigh_lane(rows, base, n, few, i + half, other);
            join_weighed(found, other, n);
        }
        level = 0;
        for (size_t b = k; b % 2 != 0; b /= 2, level++) {
            join_weighed(waiting[level], found, n);
            EACH (v, n) found[v] = waiting[level][v];
        }
        EACH (v, n) waiting[level][v] = found[v];
    }
    EACH (v, n) {
        const struct weighed *all = &waiting[level][v];
        tile_store_total((struct tile_sum){ all->gap[0], all->gap[LOST] }, state->gap + r + v * VF64_WIDTH);
        tile_store_total((struct tile_sum){ all->coef[0], all->coef[LOST] }, state->coef + r + v * VF64_WIDTH);
        vf64_store(state->coef_peak + r + v * VF64_WIDTH, all->peak);
    }
}

static inline __attribute__((always_inline)) void weigh_some(const struct tile_rows *rows, size_t r, size_t n,
                                                             const double *base, struct xent_tile *state)
{
    struct tile_rows some = *rows;
    some.tile += r;
    some.coef += r;
    if (rows->classes <= XENT_LANES)
        weigh_own(&some, r, n, true, base, state);
    else
        weigh_own(&some, r, n, false, base, state);
}

static inline void weigh_each(const struct tile_rows *rows, size_t count, const double *base, struct xent_tile *state)
{
    size_t r = 0;
    for (; r + (WEIGHED - 1) * VF64_WIDTH < count; r += WEIGHED * VF64_WIDTH) weigh_some(rows, r, WEIGHED, base, state);
    for (; r < count; r += VF64_WIDTH) weigh_some(rows, r, 1, base, state);
}

/* The sum of the coefficients alone, and the largest. */
static inline __attribute__((always_inline)) void weigh_coefs(const struct tile_rows *rows, tile_summand *coef, double *sum,
                                                              double *peak)
{
    vf64 most = vf64_set(0.0);
    tile_store_total(tile_tree(rows, coef), sum);
    for (size_t c = 0; c < rows->classes; c++) most = vf64_max(vf64_abs(coef(rows, c)), most);
    vf64_store(peak, most);
}

/* Where all rows have the same, they are those of the first few. */
static inline void repeat(double *of_row, size_t rows)
{
    for (size_t r = VF64_WIDTH; r < whole_rows(rows); r++) of_row[r] = of_row[0];
}

/* Classes that all have the coefficient `equal`. */
static void tile_weigh_equal(struct tile_rows of_rows, size_t rows, double equal, struct xent_tile *state)
{
    double sum[XENT_TILE], error[XENT_TILE] = { 0 }, count = (double)of_rows.classes;
    for (size_t r = 0; r < rows; r += VF64_WIDTH, of_rows.tile += VF64_WIDTH, of_rows.row += VF64_WIDTH) {
        struct tile_sum logits = tile_tree(&of_rows, tile_number);
        vf64_store(sum + r, logits.sum);
        if (COMPENSATED) vf64_store(error + r, logits.error);
    }
    EACH_ROW (r, rows) {
        state->coef[r] = count * equal;
        state->coef_peak[r] = fabs(equal);
        state->gap[r] = equal_gap(equal, count, state->max[r], sum[r], error[r]);
    }
}

/* Of VF64_WIDTH rows from r on, which have the same coefficients; all of them have the same sums. */
static inline void weigh_shared(const struct tile_rows *rows, size_t r, bool gaps_only, struct xent_tile *state)
{
    struct tile_rows coefs = *rows;
    static const struct xent_tile_ahead nothing = { .count = 0 };
    tile_store_total(tile_tree(rows, shared_gap), state->gap + r);
    coefs.ahead = &nothing;
    if (!gaps_only && r == 0) weigh_coefs(&coefs, shared_coef, state->coef, state->coef_peak);
}

static void tile_weigh(const void *tile, size_t rows, size_t classes, const struct xent_tile_coef *coef, bool gaps_only,
                       const struct xent_tile_ahead *ahead, struct xent_tile *state)
{
    struct tile_rows of_rows = { tile, NULL, classes, coef->at, vf64_set(0.0), ahead, NULL, 0 };
    bool shared = coef->row_step == 0;
    double base[XENT_TILE];
    if (coef->class_step == 0) {
        tile_weigh_equal(of_rows, rows, *coef->at, state);
        return;
    }
    EACH_ROW (r, rows) base[r] = state->max[r] > -(double)INFINITY ? state->max[r] : 0;
    if (!shared && !gaps_only) {
        weigh_each(&of_rows, rows, base, state);
        return;
    }
    for (size_t r = 0; r < rows; r += VF64_WIDTH) {
        of_rows.base = vf64_load(base + r);
        if (shared)
            weigh_shared(&of_rows, r, gaps_only, state);
        else
            tile_store_total(tile_tree(&of_rows, own_gap), state->gap + r);
        of_rows.row += VF64_WIDTH;
        of_rows.tile += VF64_WIDTH;
        of_rows.coef += coef->row_step * VF64_WIDTH;
    }
    if (gaps_only) return;
    repeat(state->coef, rows);
    repeat(state->coef_peak, rows);
}

#endif
