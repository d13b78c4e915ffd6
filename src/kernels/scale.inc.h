/* The factors that turn terms into entries. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_SCALE_INC_H
#define XENT_KERNELS_SCALE_INC_H

#include <math.h>

#include "kernels.h"
#include "real.h"

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

/* The same of the rows of a tile. */
struct tile_scaling {
    real lower[XENT_TILE], factor[XENT_TILE];
};

static inline void set_scaling(struct tile_scaling *by, const double *scale, size_t rows)
{
    for (size_t r = 0; r < rows; r++) {
        struct scaling scaling = scaling_of(scale[r]);
        by->lower[r] = scaling.lower;
        by->factor[r] = scaling.factor;
    }
}

static inline void set_no_scaling(struct tile_scaling *by)
{
    for (size_t r = 0; r < XENT_TILE; r++) by->lower[r] = by->factor[r] = 1;
}

#endif
