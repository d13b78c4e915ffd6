/* What statistics find of the rows of a tile beside what losses do. Assumes the arithmetic of a variant (real.h). Every row goes through
 * the operations of `reduce_with_heat` and has the count of `count_before`. */
#ifndef XENT_KERNELS_TILE_STATS_INC_H
#define XENT_KERNELS_TILE_STATS_INC_H

#include "formulas.h"
#include "stats.h"
#include "tile.inc.h"

static size_t tile_terms_with_heat(void *logits, size_t rows, size_t classes, bool weighed, const struct xent_tile_ahead *ahead,
                                   struct xent_tile *state, double *heat)
{
    real *tile = logits, exponent[XENT_TILE];
    double sum[XENT_TILE];
    tile_take_out(tile, rows, state->first, state->target, state->at_target);
    tile_refer(rows, state, exponent);
    tile_sum_all(tile, rows, classes, HEATED, exponent, state->max, ahead, sum, heat);
    EACH_ROW (r, rows) state->rest[r] = sum[r] * (0x1p-64 * state->unit[r]);
    EACH_ROW (r, rows) heat[r] *= 0x1p-64 * state->unit[r];
    return find_regular(rows, weighed, state);
}

static void tile_entropies(const struct xent_tile *state, size_t rows, const double *restrict heat, double *restrict entropy)
{
    EACH_ROW (r, rows) entropy[r] = entropy_of(state->log1p_rest[r], heat[r], state->rest[r]);
}

/* Of WIDTH rows how many logits are larger than the target's, and how many less: whole numbers are reals, which hold them. */
static inline void tile_count(const real *tile, size_t classes, const real *at_target, int32_t *larger, int32_t *less)
{
    const vector at = v_load(at_target);
    vector above = v_set((real)0), below = above;
    real counts[2][WIDTH];
    for (const real *end = tile + classes * XENT_TILE; tile != end; tile += XENT_TILE) {
        const vector x = v_load(tile);
        above = v_count_less(above, at, x);
        below = v_count_less(below, x, at);
    }
    v_store(counts[0], above);
    v_store(counts[1], below);
    _Pragma("GCC unroll 1") for (size_t k = 0; k < WIDTH; k++) larger[k] = (int32_t)counts[0][k];
    _Pragma("GCC unroll 1") for (size_t k = 0; k < WIDTH; k++) less[k] = (int32_t)counts[1][k];
}

/* Where the target has equals, those ahead of it are before it. */
static __attribute__((noinline)) int32_t equals_ahead(const real *tile, size_t row, int32_t target)
{
    const real at = tile[tile_index(row, target)];
    int32_t count = 0;
    for (int32_t c = 0; c < target; c++) count += tile[tile_index(row, c)] == at;
    return count;
}

static void tile_count_before(const void *logits, size_t rows, size_t classes, const int32_t *target, int32_t *before)
{
    const real *tile = logits;
    real at_target[XENT_TILE];
    int32_t less[XENT_TILE], alone = (int32_t)classes - 1, equals = 0;
    v_store(at_target + (rows - 1) / WIDTH * WIDTH, v_set((real)0));
    for (size_t r = 0; r < rows; r++) at_target[r] = tile[tile_index(r, target[r])];
    for (size_t r = 0; r < rows; r += WIDTH) tile_count(tile + r, classes, at_target + r, before + r, less + r);
    for (size_t r = 0; r < rows; r++) equals |= before[r] + less[r] != alone;
    for (size_t r = 0; r < rows && equals; r++)
        if (before[r] + less[r] != alone) before[r] += equals_ahead(tile, r, target[r]);
}

#endif
