/* The first pass of the backwards over the rows of a tile, as upstream.inc.h has it for a row alone. Assumes the arithmetic of a variant
 * (real.h). */
#ifndef XENT_KERNELS_TILE_UPSTREAM_INC_H
#define XENT_KERNELS_TILE_UPSTREAM_INC_H

#include "backward.inc.h"
#include "tile_sums.inc.h"

static inline vf64 tile_product(const struct tile_rows *rows, size_t c)
{
    return vf64_mul(tile_number(rows, c), tile_number_beside(rows, c));
}

/* WIDTH rows. */
struct wide_sum {
    vf64 part[PARTS];
};

/* Of n vectors of rows a class's numbers, or their products with p; with that of the next class of its lane, if there is one, added as
   reals. */
static inline __attribute__((always_inline)) void tile_pair(const struct tile_rows *rows, size_t n, size_t c, bool product,
                                                            bool single, vector *sum)
{
    const size_t next = c + XENT_LANES;
    const real *p = rows->tile, *g = rows->beside;
    fetch_lines(rows->lines, c);
    EACH (v, n) sum[v] = v_load(g + c * XENT_TILE + v * WIDTH);
    EACH (v, n)
        if (product) sum[v] = v_mul(v_load(p + c * XENT_TILE + v * WIDTH), sum[v]);
    if (single || next >= rows->classes) return;
    fetch_lines(rows->lines, next);
    EACH (v, n) {
        const vector x = v_load(g + next * XENT_TILE + v * WIDTH);
        sum[v] = product ? v_fma(v_load(p + next * XENT_TILE + v * WIDTH), x, sum[v]) : v_add(sum[v], x);
    }
}

static inline struct wide_sum widen_all(vector x)
{
    struct wide_sum sum;
    EACH (k, PARTS) sum.part[k] = v_widen(x, k);
    return sum;
}

static inline struct wide_sum join_wide(struct wide_sum a, struct wide_sum b)
{
    EACH (k, PARTS) a.part[k] = vf64_add(a.part[k], b.part[k]);
    return a;
}

/* The classes of a lane. single: it has one. */
static inline __attribute__((always_inline)) void tile_pairs_of_lane(const struct tile_rows *rows, size_t n, size_t lane,
                                                                     bool product, bool single, struct wide_sum *sum)
{
    vector pair[BESIDE];
    tile_pair(rows, n, lane, product, single, pair);
    EACH (v, n) sum[v] = widen_all(pair[v]);
    if (single) return;
    for (size_t c = lane + 2 * XENT_LANES; c < rows->classes; c += 2 * XENT_LANES) {
        tile_pair(rows, n, c, product, false, pair);
        EACH (v, n) sum[v] = join_wide(sum[v], widen_all(pair[v]));
    }
}

/* As tile_sum; + 0, since a sum that begins with 0 is never -0. */
static inline __attribute__((always_inline)) void tile_pairs(const struct tile_rows *rows, size_t n, bool product, bool single,
                                                             struct wide_sum *total)
{
    struct wide_sum waiting[TREE_LEVELS][BESIDE];
    const size_t lanes = rows->classes < XENT_LANES ? rows->classes : XENT_LANES, half = tile_half(lanes);
    size_t level = 0;
    for (size_t k = 0, i = 0; k < half; k++, i = tree_next(i, half, level)) {
        struct wide_sum sum[BESIDE], other[BESIDE];
        tile_pairs_of_lane(rows, n, i, product, single, sum);
        if (i + half < lanes) {
            tile_pairs_of_lane(rows, n, i + half, product, single, other);
            EACH (v, n) sum[v] = join_wide(sum[v], other[v]);
        }
        level = 0;
        for (size_t b = k; b % 2 != 0; b /= 2, level++)
            EACH (v, n) sum[v] = join_wide(waiting[level][v], sum[v]);
        EACH (v, n) waiting[level][v] = sum[v];
    }
    EACH (v, n)
        EACH (k, PARTS) total[v].part[k] = vf64_add(waiting[level][v].part[k], vf64_set(0.0));
}

/* upstream_fits, of all rows. */
static inline bool all_fit(const struct wide_sum *sum, bool product)
{
    const vf64 least = vf64_set(product ? LEAST_SUM : 0), most = vf64_set(product ? MOST_SUM : (double)INFINITY);
    const unsigned all = (1u << VF64_WIDTH) - 1;
    bool fit = true;
    EACH (k, PARTS) {
        const vf64 size = vf64_abs(sum->part[k]);
        fit &= (vf64_less(size, most) & ~vf64_less(size, least)) == all;
    }
    return fit;
}

/* In double, of VF64_WIDTH rows: seldom called, and so small. */
static __attribute__((noinline, cold)) void tile_dot_in_double(const struct tile_rows *rows, bool product, double *sum)
{
    vf64 lane[XENT_LANES];
    for (size_t i = 0; i < XENT_LANES; i++) lane[i] = vf64_set(0.0);
    for (size_t c = 0; c < rows->classes; c++) {
        vf64 x = product ? tile_product(rows, c) : tile_number_beside(rows, c);
        lane[c % XENT_LANES] = vf64_add(lane[c % XENT_LANES], x);
    }
    for (size_t half = XENT_LANES / 2; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) lane[i] = vf64_add(lane[i], lane[i + half]);
    vf64_store(sum, lane[0]);
}

/* Of the rows whose sum says so, it is made in double; those that are odd keep it. */
static __attribute__((noinline, cold)) void tile_mend(const struct tile_rows *rows, bool product, double *sum)
{
    for (size_t r = 0; r < WIDTH; r += VF64_WIDTH) {
        struct tile_rows some = *rows;
        double in_double[VF64_WIDTH];
        some.beside += r;
        if (product) some.tile += r;
        tile_dot_in_double(&some, product, in_double);
        for (size_t i = 0; i < VF64_WIDTH; i++)
            if (sum[r + i] - sum[r + i] == 0 && !upstream_fits(sum[r + i], product)) sum[r + i] = in_double[i];
    }
}

/* Of n vectors of rows. */
static inline __attribute__((always_inline)) void tile_dot_of(struct tile_rows *rows, size_t n, double *sum)
{
    const bool product = rows->tile != NULL, single = rows->classes <= XENT_LANES;
    struct wide_sum wide[BESIDE];
    struct tile_lines lines;
    find_lines(rows->ahead, rows->row, n * WIDTH, &lines);
    rows->lines = &lines;
    if (product && single)
        tile_pairs(rows, n, true, true, wide);
    else if (single)
        tile_pairs(rows, n, false, true, wide);
    else
        tile_pairs(rows, n, product, false, wide);
    EACH (v, n) {
        struct tile_rows of_vector = *rows;
        of_vector.beside += v * WIDTH;
        if (product) of_vector.tile += v * WIDTH;
        EACH (k, PARTS) vf64_store(sum + v * WIDTH + k * VF64_WIDTH, wide[v].part[k]);
        if (__builtin_expect(!all_fit(&wide[v], product), 0)) tile_mend(&of_vector, product, sum + v * WIDTH);
    }
}

static __attribute__((noinline)) void tile_dot_by_pairs(struct tile_rows *rows, size_t n, double *sum)
{
    if (n == BESIDE)
        tile_dot_of(rows, BESIDE, sum);
    else
        tile_dot_of(rows, 1, sum);
}

static void tile_dot(const void *p, const void *upstream, size_t rows, size_t classes, const struct xent_tile_ahead *ahead,
                     double *dot)
{
    struct tile_rows of_rows = { p, upstream, classes, NULL, vf64_set(0.0), ahead, NULL, 0 };
    double sum[XENT_TILE];
    for (size_t r = 0, step; r < rows; r += step, of_rows.row += step) {
        const size_t n = r + (BESIDE - 1) * WIDTH < rows ? BESIDE : 1;
        step = COMPENSATED ? VF64_WIDTH : n * WIDTH;
        if (COMPENSATED)
            tile_store_total(p == NULL ? tile_tree(&of_rows, tile_number_beside) : tile_tree(&of_rows, tile_product), sum + r);
        else
            tile_dot_by_pairs(&of_rows, n, sum + r);
        of_rows.beside += step;
        if (p != NULL) of_rows.tile += step;
    }
    /* a row alone takes it for what a gap lacks to 0, and so is a sum of 0 negative */
    for (size_t r = 0; r < whole_rows(rows); r++) dot[r] = p == NULL ? sum[r] : -(0 - sum[r]);
}

#endif
