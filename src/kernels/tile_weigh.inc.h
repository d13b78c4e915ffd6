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

static void tile_weigh(const void *tile, size_t rows, size_t classes, const struct xent_tile_coef *coef, bool gaps_only,
                       const struct xent_tile_ahead *ahead, struct xent_tile *state)
{
    static const struct xent_tile_ahead nothing = { .count = 0 };
    struct tile_rows of_rows = { tile, NULL, classes, coef->at, vf64_set(0.0), ahead, 0 };
    bool shared = coef->row_step == 0;
    double base[XENT_TILE];
    if (coef->class_step == 0) {
        tile_weigh_equal(of_rows, rows, *coef->at, state);
        return;
    }
    EACH_ROW (r, rows) base[r] = state->max[r] > -(double)INFINITY ? state->max[r] : 0;
    for (size_t r = 0; r < rows; r += VF64_WIDTH) {
        of_rows.base = vf64_load(base + r);
        tile_store_total(shared ? tile_tree(&of_rows, shared_gap) : tile_tree(&of_rows, own_gap), state->gap + r);
        of_rows.ahead = &nothing; /* of the coefficients alone */
        if (!gaps_only && !shared) weigh_coefs(&of_rows, own_coef, state->coef + r, state->coef_peak + r);
        if (!gaps_only && shared && r == 0) weigh_coefs(&of_rows, shared_coef, state->coef, state->coef_peak);
        of_rows.ahead = ahead;
        of_rows.row += VF64_WIDTH;
        of_rows.tile += VF64_WIDTH;
        of_rows.coef += coef->row_step * VF64_WIDTH;
    }
    if (gaps_only || !shared) return;
    repeat(state->coef, rows);
    repeat(state->coef_peak, rows);
}

#endif
