/* The logarithm of vectors, in the arithmetic of a variant. */
#ifndef XENT_KERNELS_LOG_H
#define XENT_KERNELS_LOG_H

#include <math.h>

#include "real.h"

/* How many vectors go through a logarithm side by side. The chain is so long that this gains even where not all of them have registers. */
enum { LOGS_STAGED = 4 };

#include XENT_HEADER(log_, XENT_REAL)

/* What is not a number above 0: ln x is `y` unless x is that or infinite. */
static inline vector ln_of_any(vector x, vector y)
{
    vector none = v_where_less(v_abs(x), v_set(LEAST), v_set(-(real)INFINITY), v_set((real)NAN));
    return v_where_less(v_set((real)0), x, v_where_less(x, v_set((real)INFINITY), y, x), none);
}

#endif
