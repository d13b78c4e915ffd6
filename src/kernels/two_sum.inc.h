/* TwoSum in vectors: two_sum.h in each lane. Assumes the vectors of an instruction set (vector.h). */
#ifndef XENT_KERNELS_TWO_SUM_INC_H
#define XENT_KERNELS_TWO_SUM_INC_H

#include "vector.h"

/* *sum += x; returns what the rounding lost. */
static inline vf64 add_two_vectors(vf64 *sum, vf64 x)
{
    vf64 a = *sum, s = vf64_add(a, x), back = vf64_sub(s, a);
    *sum = s;
    return vf64_add(vf64_sub(a, vf64_sub(s, back)), vf64_sub(x, back));
}

#endif
