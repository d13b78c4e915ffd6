/* Sums over the classes of the rows of a tile, in double and in the order in which a chunk of one row is added up: 64 lanes, and those by
 * halves. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_TILE_SUMS_INC_H
#define XENT_KERNELS_TILE_SUMS_INC_H

#include "lanes.inc.h"
#include "tile_rows.inc.h"

/* VF64_WIDTH rows, and what is summed of them. */
struct tile_rows {
    const real *tile, *beside; /* the latter of a second operand */
    size_t classes;
    const double *coef;
    vf64 base;
    const struct xent_tile_ahead *ahead;
    const struct tile_lines *lines; /* of `ahead`, where they have been found */
    size_t row;                     /* the first of them, for these */
};

/* What class c adds to the sums of its rows. */
typedef vf64 tile_summand(const struct tile_rows *rows, size_t c);

static inline vf64 tile_number(const struct tile_rows *rows, size_t c) { return load_real_doubles(rows->tile + c * XENT_TILE); }

static inline vf64 tile_number_beside(const struct tile_rows *rows, size_t c)
{
    return load_real_doubles(rows->beside + c * XENT_TILE);
}

struct tile_sum {
    vf64 sum, error;
};

/* The first class meets a sum of 0: no error, and no -0. */
static inline __attribute__((always_inline)) struct tile_sum
tile_sum_of_lane(const struct tile_rows *rows, const struct tile_lines *lines, size_t lane, tile_summand *summand)
{
    struct tile_sum sum = { vf64_add(vf64_set(0.0), summand(rows, lane)), vf64_set(0.0) };
    fetch_lines(lines, lane);
    for (size_t c = lane + XENT_LANES; c < rows->classes; c += XENT_LANES) {
        accumulate(&sum.sum, &sum.error, summand(rows, c));
        fetch_lines(lines, c);
    }
    return sum;
}

/* Lanes behind the last class would be 0. */
static inline __attribute__((always_inline)) struct tile_sum tile_tree(const struct tile_rows *rows, tile_summand *summand)
{
    struct tile_sum lane[XENT_LANES / 2];
    struct tile_lines lines;
    size_t lanes = rows->classes < XENT_LANES ? rows->classes : XENT_LANES, half = XENT_LANES / 2;
    while (half >= lanes && half > 1) half /= 2;
    find_lines(rows->ahead, rows->row, VF64_WIDTH, &lines);
    for (size_t i = 0; i < half; i++) {
        lane[i] = tile_sum_of_lane(rows, &lines, i, summand);
        if (i + half >= lanes) continue;
        struct tile_sum other = tile_sum_of_lane(rows, &lines, i + half, summand);
        join(&lane[i].sum, &lane[i].error, other.sum, other.error);
    }
    for (half /= 2; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) join(&lane[i].sum, &lane[i].error, lane[i + half].sum, lane[i + half].error);
    return lane[0];
}

/* A sum, or the plain one where the compensated is NaN, as `total` has it. */
static inline void tile_store_total(struct tile_sum sum, double *total_of_row)
{
    double plain[VF64_WIDTH], corrected[VF64_WIDTH];
    vf64_store(plain, sum.sum);
    vf64_store(corrected, COMPENSATED ? vf64_add(sum.sum, sum.error) : sum.sum);
    for (size_t i = 0; i < VF64_WIDTH; i++) total_of_row[i] = corrected[i] == corrected[i] ? corrected[i] : plain[i];
}

#endif
