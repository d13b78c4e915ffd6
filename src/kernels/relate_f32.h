/* Factors between maxima and reference powers, for the arithmetic in f32. Assumes round-to-nearest, no instruction set: plain
 * double is exact enough. relate_f64.h defines the same names; what they mean stands here. */
#ifndef XENT_KERNELS_RELATE_F32_H
#define XENT_KERNELS_RELATE_F32_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "bits.h"
#include "constants.h"

/* e^a, |a| <= 0.36, relative error 2^-45. Without fused multiply-add: plain C vectorises, and a CPU that lacks it is not
   slowed. */
static inline double exp_small(double a)
{
    double p = EXP_SMALL_C9;
    p = p * a + EXP_SMALL_C8;
    p = p * a + EXP_SMALL_C7;
    p = p * a + EXP_SMALL_C6;
    p = p * a + EXP_SMALL_C5;
    p = p * a + EXP_SMALL_C4;
    p = p * a + EXP_SMALL_C3;
    p = p * a + EXP_SMALL_C2;
    return 1 + (a + a * a * p);
}

/* 2^k for an integer k, -1022 <= k <= 1023, from the lowest bits of a sum; of another k, as spoiled states have, any number. */
static inline double power_of_two(double k) { return f64_of_bits(bits_of_f64(k + (0x1.8p52 + 1023)) << 52); }

/* 2^K / e^max for the reference K of a chunk. K LN2_HI - max is exact, since K has 17 bits and LN2_HI has 24. */
static inline double unit_of(double exponent, double max)
{
    return exp_small((exponent * (double)EXP_F32_LN2_HI - max) + exponent * EXP_F32_LN2_REST);
}

/* The same of rows side by side, as whole vectors of doubles. */
static inline void units_of(const double *restrict exponent, const double *restrict max, double *restrict unit, size_t rows)
{
    for (size_t r = 0; r < rows; r++) unit[r] = unit_of(exponent[r], max[r]);
}

/* sum * e^(lower - upper), lower <= upper. */
static inline double scaled(double sum, double lower, double upper)
{
    double d = lower - upper, k;
    if (d == 0) return sum;
    if (d < -700) return sum * 0; /* not plain 0, so that NaN stays */
    k = rint(d * EXP_F64_LOG2E);
    return sum * (exp_small((d - k * (double)EXP_F32_LN2_HI) - k * EXP_F32_LN2_REST) * power_of_two(k));
}

#endif
