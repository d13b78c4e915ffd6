/* The logarithm of vectors in f64. Assumes the arithmetic of f64 (real_f64.h). */
#ifndef XENT_KERNELS_LOG_F64_H
#define XENT_KERNELS_LOG_F64_H

#include <float.h>

#include "log.inc.h"

/* A subnormal number times 2^UP is normal. */
#define LEAST_NORMAL DBL_MIN
#define MOST_FINITE DBL_MAX
#define UP 54
#define TWO_TO_UP 0x1p54

static inline vector log_exponent(vector x) { return vf64_log_exponent(x); }

/* ln x of normal numbers above 0 with these exponents; of up to LOGS_STAGED vectors. */
static inline __attribute__((always_inline)) void ln_of_normals(size_t count, const vector *x, const vector *k, vector *y)
{
    EACH (v, count) y[v] = ln_reduced(k[v], vf64_log_fraction(x[v]), v_set(0.0));
}

#endif
