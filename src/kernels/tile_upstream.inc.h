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

/* A class's number, or its product with p. */
static inline __attribute__((always_inline)) vector tile_real(const struct tile_rows *rows, size_t c, bool product)
{
    const vector g = v_load(rows->beside + c * XENT_TILE);
    fetch_lines(rows->lines, c);
    return product ? v_mul(v_load(rows->tile + c * XENT_TILE), g) : g;
}

/* The same of a class and the next one of its lane, if there is one, added as reals. */
static inline __attribute__((always_inline)) vector tile_pair(const struct tile_rows *rows, size_t c, bool product)
{
    const size_t next = c + XENT_LANES;
    const vector first = tile_real(rows, c, product);
    if (next >= rows->classes) return first;
    const vector g = v_load(rows->beside + next * XENT_TILE);
    fetch_lines(rows->lines, next);
    return product ? v_fma(v_load(rows->tile + next * XENT_TILE), g, first) : v_add(first, g);
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
static inline __attribute__((always_inline)) struct wide_sum tile_pairs_of_lane(const struct tile_rows *rows, size_t lane,
                                                                                bool product, bool single)
{
    if (single) return widen_all(tile_real(rows, lane, product));
    struct wide_sum sum = widen_all(tile_pair(rows, lane, product));
    for (size_t c = lane + 2 * XENT_LANES; c < rows->classes; c += 2 * XENT_LANES)
        sum = join_wide(sum, widen_all(tile_pair(rows, c, product)));
    return sum;
}

/* As tile_tree, the first two levels at once; + 0, since a sum that begins with 0 is never -0. */
static inline __attribute__((always_inline)) struct wide_sum tile_pairs(const struct tile_rows *rows, bool product, bool single)
{
    struct wide_sum lane[XENT_LANES / 4];
    const size_t lanes = rows->classes < XENT_LANES ? rows->classes : XENT_LANES;
    size_t half = XENT_LANES / 2;
    while (half >= lanes && half > 2) half /= 2;
    for (size_t i = 0; i < half / 2; i++) {
        lane[i] = tile_pairs_of_lane(rows, i, product, single);
        if (i + half < lanes) lane[i] = join_wide(lane[i], tile_pairs_of_lane(rows, i + half, product, single));
        if (i + half / 2 >= lanes) continue;
        struct wide_sum next = tile_pairs_of_lane(rows, i + half / 2, product, single);
        if (i + half / 2 + half < lanes) next = join_wide(next, tile_pairs_of_lane(rows, i + half / 2 + half, product, single));
        lane[i] = join_wide(lane[i], next);
    }
    for (half /= 4; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) lane[i] = join_wide(lane[i], lane[i + half]);
    EACH (k, PARTS) lane[0].part[k] = vf64_add(lane[0].part[k], vf64_set(0.0));
    return lane[0];
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

static __attribute__((noinline)) void tile_dot_by_pairs(struct tile_rows *rows, double *sum)
{
    const bool product = rows->tile != NULL, single = rows->classes <= XENT_LANES;
    struct wide_sum wide;
    struct tile_lines lines;
    find_lines(rows->ahead, rows->row, WIDTH, &lines);
    rows->lines = &lines;
    if (product && single)
        wide = tile_pairs(rows, true, true);
    else if (single)
        wide = tile_pairs(rows, false, true);
    else
        wide = tile_pairs(rows, product, false);
    EACH (k, PARTS) vf64_store(sum + k * VF64_WIDTH, wide.part[k]);
    if (__builtin_expect(!all_fit(&wide, product), 0)) tile_mend(rows, product, sum);
}

static void tile_dot(const void *p, const void *upstream, size_t rows, size_t classes, const struct xent_tile_ahead *ahead,
                     double *dot)
{
    const size_t step = COMPENSATED ? VF64_WIDTH : WIDTH;
    struct tile_rows of_rows = { p, upstream, classes, NULL, vf64_set(0.0), ahead, NULL, 0 };
    double sum[XENT_TILE];
    for (size_t r = 0; r < rows; r += step, of_rows.row += step) {
        if (COMPENSATED)
            tile_store_total(p == NULL ? tile_tree(&of_rows, tile_number_beside) : tile_tree(&of_rows, tile_product), sum + r);
        else
            tile_dot_by_pairs(&of_rows, sum + r);
        of_rows.beside += step;
        if (p != NULL) of_rows.tile += step;
    }
    /* a row alone takes it for what a gap lacks to 0, and so is a sum of 0 negative */
    for (size_t r = 0; r < whole_rows(rows); r++) dot[r] = p == NULL ? sum[r] : -(0 - sum[r]);
}

#endif
