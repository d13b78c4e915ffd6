/* Leaves of a sum over rows. */
#ifndef XENT_KERNELS_LEAVES_H
#define XENT_KERNELS_LEAVES_H

#include <stddef.h>

#define XENT_LEAF_ROWS 64 /* a power of two; numerics version 1, which rows/sum.h tells */
#define XENT_LEAVES 8     /* that are summed up side by side, at most: any number makes the same bits */

/* The sums of 1 to XENT_LEAVES leaves that stand one behind the other, each leaf's values in order by TwoSum, and the sums of what these
   roundings lost. Both arrays have room for XENT_LEAVES. */
typedef void xent_leaves_fn(const double *values, size_t leaves, double *sum, double *error);

#endif
