/* What statistics find of the rows of a tile beside what losses do. Assumes the arithmetic of a variant (real.h). Every row goes through
 * the operations of `reduce_with_heat` and has the count of `count_before`. */
#ifndef XENT_KERNELS_TILE_STATS_INC_H
#define XENT_KERNELS_TILE_STATS_INC_H

#include "formulas.h"
#include "heat.inc.h"
#include "stats.h"
#include "tile.inc.h"

/* The sums of one lane of WIDTH rows: its parts, and their errors where COMPENSATED. */
struct heat_lane {
    vf64 terms[SUMS], heat[SUMS];
};

/* The rows on their way through the terms. */
struct heat_rows {
    const real *tile;
    size_t classes;
    struct reference shared;
    vector top, first; /* the maxima, and the classes at them, which have no terms */
    struct tile_lines ahead;
};

static inline __attribute__((always_inline)) struct heat_lane lane_of_sums(const struct sum *terms, const struct sum *heat)
{
    struct heat_lane sums;
    EACH (k, SUMS) sums.terms[k] = terms->sum[k];
    EACH (k, SUMS) sums.heat[k] = heat->sum[k];
    return sums;
}

/* Of few classes each is a lane of its own. */
static inline __attribute__((always_inline)) struct heat_lane heat_lane_of(const struct heat_rows *of, size_t lane)
{
    struct sum terms = sum_none(), heat = sum_none();
    for (size_t c = lane, group = 0; c < of->classes; c += XENT_LANES, group++) {
        const vector number = v_set((real)(int32_t)c), logits = v_load(of->tile + c * XENT_TILE);
        const vector x = v_where_equal(of->first, number, v_set(-(real)INFINITY), logits);
        const vector far = distance(of->shared, of->top, x);
        vector scale, low;
        exp_one(of->shared, x, &scale, &low);
        fetch_lines(&of->ahead, c);
        if (of->classes <= XENT_LANES) {
            terms = sum_one(scale, low);
            heat = heat_one(scale, low, far);
            return lane_of_sums(&terms, &heat);
        }
        if (group > 0 && group % BLOCK_GROUPS == 0) {
            sum_flush(&terms);
            sum_flush(&heat);
        }
        heat_add(&terms, &heat, scale, low, far);
    }
    sum_flush(&terms);
    sum_flush(&heat);
    return lane_of_sums(&terms, &heat);
}

/* *lane += other, in the order of `tree`. */
static inline void heat_join(struct heat_lane *lane, const struct heat_lane *other)
{
    EACH (k, PARTS) join(&lane->terms[k], &lane->terms[ERROR], other->terms[k], other->terms[ERROR]);
    EACH (k, PARTS) join(&lane->heat[k], &lane->heat[ERROR], other->heat[k], other->heat[ERROR]);
}

static inline void heat_total(const vf64 *sums, double *total_of_row)
{
    EACH (k, PARTS) vf64_store(total_of_row + k * VF64_WIDTH, COMPENSATED ? vf64_add(sums[k], sums[ERROR]) : sums[k]);
}

/* The lanes are added by halves, as those of the terms alone are (tile_sum). */
static inline void heat_sums(const struct heat_rows *of, double *terms, double *heat)
{
    struct heat_lane lane[XENT_LANES / 2];
    size_t lanes = of->classes < XENT_LANES ? of->classes : XENT_LANES, half = tile_half(lanes);
    for (size_t i = 0; i < half; i++) {
        lane[i] = heat_lane_of(of, i);
        if (i + half >= lanes) continue;
        struct heat_lane other = heat_lane_of(of, i + half);
        heat_join(&lane[i], &other);
    }
    for (half /= 2; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) heat_join(&lane[i], &lane[i + half]);
    heat_total(lane[0].terms, terms);
    heat_total(lane[0].heat, heat);
}

static size_t tile_terms_with_heat(const void *logits, size_t rows, size_t classes, bool weighed,
                                   const struct xent_tile_ahead *ahead, struct xent_tile *state, double *heat)
{
    const real *tile = logits;
    struct tile_references references_of;
    double sum[XENT_TILE];
    tile_read_targets(tile, rows, state);
    find_references(rows, state, &references_of);
    for (size_t r = 0; r < rows; r += WIDTH) {
        struct heat_rows of; /* whose lines would take long to clear */
        vf64 top[PARTS];
        load_row_doubles(state->max + r, rows - r, top);
        of.tile = tile + r;
        of.classes = classes;
        of.shared = references(v_load(references_of.exponent + r));
        of.top = v_narrow(top);
        of.first = v_load(references_of.first + r);
        find_lines(ahead, r, WIDTH, &of.ahead);
        heat_sums(&of, sum + r, heat + r);
    }
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
