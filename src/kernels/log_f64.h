/* The logarithm of vectors in f64. Assumes the arithmetic of f64 (real_f64.h). */
#ifndef XENT_KERNELS_LOG_F64_H
#define XENT_KERNELS_LOG_F64_H

#include "log.inc.h"

/* ln x of numbers above 0; of up to LOGS_STAGED vectors. */
static inline __attribute__((always_inline)) void ln_of_numbers(size_t count, const vector *x, vector *y)
{
    const vector least_normal = v_set(0x1p-1022), zero = v_set(0.0);
    EACH (v, count) {
        vector scaled = v_where_less(x[v], least_normal, v_mul(x[v], v_set(0x1p54)), x[v]);
        vector down = v_where_less(x[v], least_normal, v_set(54.0), zero);
        y[v] = ln_reduced(v_sub(vf64_log_exponent(scaled), down), vf64_log_fraction(scaled), zero);
    }
}

#endif
