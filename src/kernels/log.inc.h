/* Logarithms in vectors of doubles. Assumes the vectors of an instruction set (vector.h), and no fused multiply-add: a CPU that lacks it
 * is not slowed.
 *
 * x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt 2, and ln(1 + f) = 2 atanh(s) with s = f / (2 + f): the method of FDLIBM's
 * s_log1p.c, with our own polynomial. */
#ifndef XENT_KERNELS_LOG_INC_H
#define XENT_KERNELS_LOG_INC_H

#include <math.h>
#include <stdbool.h>

#include "constants.h"
#include "vector.h"

/* a + b * c, both rounded. */
static inline vf64 plus_product(vf64 a, vf64 b, vf64 c) { return vf64_add(a, vf64_mul(b, c)); }

/* k ln 2 + ln(1 + f) + c, with an error below 1 ulp. */
static inline vf64 ln_reduced(vf64 k, vf64 f, vf64 c)
{
    vf64 h = vf64_mul(vf64_mul(vf64_set(0.5), f), f), s = vf64_div(f, vf64_add(vf64_set(2.0), f)), z = vf64_mul(s, s);
    vf64 w = vf64_mul(z, z), odd, even, low;
    odd = plus_product(vf64_set(LOG_R3), w, vf64_set(LOG_R5));
    odd = vf64_mul(w, plus_product(vf64_set(LOG_R1), w, odd));
    even = plus_product(vf64_set(LOG_R4), w, vf64_set(LOG_R6));
    even = plus_product(vf64_set(LOG_R2), w, even);
    even = vf64_mul(z, plus_product(vf64_set(LOG_R0), w, even));
    low = vf64_add(vf64_mul(s, vf64_add(h, vf64_add(odd, even))), vf64_add(vf64_mul(k, vf64_set(LOG_LN2_LO)), c));
    return vf64_sub(vf64_mul(k, vf64_set(LOG_LN2_HI)), vf64_sub(vf64_sub(h, low), f));
}

/* ln(1 + r), r >= 0. corrected: the rounding of 1 + r, which is worth 2^-53, is put back. */
static inline vf64 ln_of_1_plus(vf64 r, bool corrected)
{
    const vf64 one = vf64_set(1.0);
    vf64 u = vf64_add(one, r), k = vf64_log_exponent(u), f = vf64_log_fraction(u), c = vf64_set(0.0);
    if (corrected) {
        c = vf64_where_less(r, one, vf64_sub(r, vf64_sub(u, one)), vf64_sub(one, vf64_sub(u, r)));
        c = vf64_unless_zero(k, vf64_div(c, u));
    }
    f = vf64_where_less(k, one, r, f);
    return vf64_where_less(r, vf64_set((double)INFINITY), ln_reduced(k, f, c), r);
}

#endif
