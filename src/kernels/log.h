/* The logarithm of vectors, in the arithmetic of a variant. */
#ifndef XENT_KERNELS_LOG_H
#define XENT_KERNELS_LOG_H

#include <math.h>
#include <stdbool.h>

#include "real.h"

/* How many vectors go through a logarithm side by side. The chain is so long that this gains even where not all of them have registers. */
enum { LOGS_STAGED = 4 };

#include XENT_HEADER(log_, XENT_REAL)

static inline __attribute__((always_inline)) bool are_normal(size_t count, const vector *x)
{
    unsigned others = 0;
    EACH (v, count) others |= v_above(v_set(LEAST_NORMAL), x[v]) | v_above(x[v], v_set(MOST_FINITE));
    return others == 0;
}

/* ln x of numbers above 0, subnormal ones among them. */
static inline __attribute__((always_inline)) void ln_of_numbers(size_t count, const vector *x, vector *y)
{
    const vector least_normal = v_set(LEAST_NORMAL), zero = v_set((real)0);
    vector scaled[LOGS_STAGED], k[LOGS_STAGED];
    EACH (v, count) scaled[v] = v_where_less(x[v], least_normal, v_mul(x[v], v_set(TWO_TO_UP)), x[v]);
    EACH (v, count) k[v] = v_sub(log_exponent(scaled[v]), v_where_less(x[v], least_normal, v_set((real)UP), zero));
    ln_of_normals(count, scaled, k, y);
}

/* What is not a number above 0: ln x is `y` unless x is that or infinite. */
static inline vector unless_special(vector x, vector y)
{
    vector none = v_where_less(v_abs(x), v_set(LEAST), v_set(-(real)INFINITY), v_set((real)NAN));
    return v_where_less(v_set((real)0), x, v_where_less(x, v_set((real)INFINITY), y, x), none);
}

/* ln x of up to LOGS_STAGED vectors. Mostly all of them are normal numbers, and then a quarter of the work need not be done. */
static inline __attribute__((always_inline)) void ln_of_any(size_t count, const vector *x, vector *y)
{
    vector k[LOGS_STAGED];
    if (are_normal(count, x)) {
        EACH (v, count) k[v] = log_exponent(x[v]);
        ln_of_normals(count, x, k, y);
    } else {
        ln_of_numbers(count, x, y);
        EACH (v, count) y[v] = unless_special(x[v], y[v]);
    }
}

#endif
