/* Leaves of a sum over rows, a leaf in each lane. In a leaf every addition waits for the one before; those of other leaves do not.
 * Assumes the vectors of an instruction set (vector.h). */
#ifndef XENT_KERNELS_LEAVES_INC_H
#define XENT_KERNELS_LEAVES_INC_H

#include "leaves.h"
#include "two_sum.inc.h"

/* Of the leaves that start there. */
static inline void sum_lanes(const double *const *leaf, double *sum, double *error)
{
    vf64 s = vf64_set(0.0), e = s, x[VF64_WIDTH];
    for (size_t row = 0; row < XENT_LEAF_ROWS; row += VF64_WIDTH) {
        EACH (lane, VF64_WIDTH) x[lane] = vf64_load(leaf[lane] + row);
        vf64_transpose(x);
        EACH (i, VF64_WIDTH) e = vf64_add(e, add_two_vectors(&s, x[i]));
    }
    vf64_store(sum, s);
    vf64_store(error, e);
}

/* Lanes that are left over have the last leaf as well. */
static void sum_leaves(const double *values, size_t leaves, double *sum, double *error)
{
    const double *leaf[XENT_LEAVES];
    for (size_t i = 0; i < XENT_LEAVES; i++) leaf[i] = values + (i < leaves ? i : leaves - 1) * XENT_LEAF_ROWS;
    for (size_t i = 0; i < leaves; i += VF64_WIDTH) sum_lanes(leaf + i, sum + i, error + i);
}

#endif
