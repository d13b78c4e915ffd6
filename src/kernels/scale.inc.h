/* The factors that turn terms into entries. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_SCALE_INC_H
#define XENT_KERNELS_SCALE_INC_H

#include <math.h>

#include "kernels.h"
#include "tile_rows.inc.h"

/* A term is multiplied by `lower` and then by `factor`. */
struct scaling {
    real lower, factor;
};

/* Their product is scale 2^-64. All of it is the factor, with one rounding, and `lower` is 1; but where a real could not hold
   that as a normal number, the 2^-64 goes to the terms. */
static inline struct scaling scaling_of(double scale)
{
    bool tiny = fabs(scale) < TINY;
    return (struct scaling){ tiny ? (real)0x1p-64 : (real)1, (real)(tiny ? scale : scale * 0x1p-64) };
}

/* The same of the rows of a tile, WIDTH of them at a time. */
struct tile_scaling {
    real lower[XENT_TILE], factor[XENT_TILE];
};

static inline void set_scaling(struct tile_scaling *by, const double *scale, size_t rows)
{
    for (size_t r = 0; r < rows; r += WIDTH) {
        vf64 of_row[PARTS], lower[PARTS], factor[PARTS];
        load_row_doubles(scale + r, rows - r, of_row);
        EACH (k, PARTS) {
            const vf64 x = of_row[k], size = vf64_abs(x), tiny = vf64_set(TINY);
            lower[k] = vf64_where_less(size, tiny, vf64_set(0x1p-64), vf64_set(1));
            factor[k] = vf64_where_less(size, tiny, x, vf64_mul(x, vf64_set(0x1p-64)));
        }
        v_store(by->lower + r, v_narrow(lower));
        v_store(by->factor + r, v_narrow(factor));
    }
}

static inline void set_no_scaling(struct tile_scaling *by, size_t rows)
{
    for (size_t r = 0; r < rows; r += WIDTH) {
        v_store(by->lower + r, v_set((real)1));
        v_store(by->factor + r, v_set((real)1));
    }
}

#endif
