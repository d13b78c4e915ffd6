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

/* Two classes of a lane are added as reals first, of WIDTH rows. */
static inline __attribute__((always_inline)) struct wide_sum tile_pairs_of_lane(const struct tile_rows *rows, size_t lane,
                                                                                bool product)
{
    struct wide_sum sum;
    EACH (k, PARTS) sum.part[k] = vf64_set(0.0);
    for (size_t c = lane; c < rows->classes; c += 2 * XENT_LANES) {
        const size_t next = c + XENT_LANES;
        vector x = v_load(rows->beside + c * XENT_TILE);
        fetch_ahead(rows->ahead, c, rows->row);
        if (product) x = v_mul(v_load(rows->tile + c * XENT_TILE), x);
        if (next < rows->classes) {
            vector g = v_load(rows->beside + next * XENT_TILE);
            fetch_ahead(rows->ahead, next, rows->row);
            x = product ? v_fma(v_load(rows->tile + next * XENT_TILE), g, x) : v_add(x, g);
        }
        v_add_widened(sum.part, x);
    }
    return sum;
}

/* As tile_tree. */
static inline __attribute__((always_inline)) struct wide_sum tile_pairs(const struct tile_rows *rows, bool product)
{
    struct wide_sum lane[XENT_LANES / 2];
    size_t lanes = rows->classes < XENT_LANES ? rows->classes : XENT_LANES, half = XENT_LANES / 2;
    while (half >= lanes && half > 1) half /= 2;
    for (size_t i = 0; i < half; i++) {
        lane[i] = tile_pairs_of_lane(rows, i, product);
        if (i + half >= lanes) continue;
        struct wide_sum other = tile_pairs_of_lane(rows, i + half, product);
        EACH (k, PARTS) lane[i].part[k] = vf64_add(lane[i].part[k], other.part[k]);
    }
    for (half /= 2; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++)
            EACH (k, PARTS) lane[i].part[k] = vf64_add(lane[i].part[k], lane[i + half].part[k]);
    return lane[0];
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

static inline void tile_dot_by_pairs(const struct tile_rows *rows, double *sum)
{
    const bool product = rows->tile != NULL;
    const struct wide_sum wide = product ? tile_pairs(rows, true) : tile_pairs(rows, false);
    bool fit = true;
    EACH (k, PARTS) vf64_store(sum + k * VF64_WIDTH, wide.part[k]);
    for (size_t i = 0; i < WIDTH; i++) fit &= upstream_fits(sum[i], product);
    if (!fit) tile_mend(rows, product, sum);
}

static void tile_dot(const void *p, const void *upstream, size_t rows, size_t classes, const struct xent_tile_ahead *ahead,
                     double *dot)
{
    const size_t step = COMPENSATED ? VF64_WIDTH : WIDTH;
    struct tile_rows of_rows = { p, upstream, classes, NULL, vf64_set(0.0), ahead, 0 };
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
