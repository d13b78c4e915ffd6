/* One vector of gradient entries in double, for coefficients, slopes and factors of any size. Assumes the vectors of an instruction set
 * (vector.h). */
#ifndef XENT_KERNELS_ENTRY_INC_H
#define XENT_KERNELS_ENTRY_INC_H

#include <math.h>

#include "vector.h"

/* As struct xent_rescale has them, lane by lane. */
struct entry_factors {
    vf64 share; /* p over the term: share * unit * 2^-64 */
    vf64 total, none, factor;
};

/* factor * slope * (total * p - coef), as kernels.h has it. A zero is made +0, and a NaN, which is neither below 1 nor above 0.5,
   canonical. */
static inline vf64 entry_in_double(vf64 term, vf64 coef, vf64 slope, const struct entry_factors *by)
{
    vf64 p = vf64_mul(term, by->share), magnitude;
    vf64 x = vf64_where_less(vf64_set(0.0), p, vf64_mul(by->total, p), by->none);
    x = vf64_unless_zero(slope, vf64_mul(vf64_sub(x, coef), slope));
    x = vf64_unless_zero(x, vf64_mul(x, by->factor));
    x = vf64_unless_zero(x, x);
    magnitude = vf64_abs(x);
    return vf64_where_less(magnitude, vf64_set(1.0), x, vf64_where_less(vf64_set(0.5), magnitude, x, vf64_set((double)NAN)));
}

/* The same where the factor and the coefficients are within the limits of the arithmetic and the slope within [0, 1], so that no number is
   infinite on the way. */
static inline vf64 entry_within_limits(vf64 term, vf64 coef, vf64 slope, const struct entry_factors *by)
{
    vf64 bracket = vf64_sub(vf64_mul(by->total, vf64_mul(term, by->share)), coef);
    return vf64_add(vf64_mul(vf64_mul(bracket, slope), by->factor), vf64_set(0.0));
}

#endif
