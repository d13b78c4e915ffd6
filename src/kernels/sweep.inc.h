/* Vectors of elements that are loaded together. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_SWEEP_INC_H
#define XENT_KERNELS_SWEEP_INC_H

#include "element.h"

/* A sweep of elements, `sweep` vectors. Where PAIRED, they are not in the order of memory: each two have the even and the odd elements. */
static inline __attribute__((always_inline)) void load_sweep(const stored *p, size_t sweep, vector *x)
{
    if (PAIRED)
        for (size_t v = 0; v < sweep; v += 2) load_pair(p + v * WIDTH, &x[v]);
    else
        EACH (v, sweep) x[v] = load(p + v * WIDTH);
}

#endif
