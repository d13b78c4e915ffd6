/* Factors between maxima and reference powers, for the arithmetic in f64. Assumes the vectors of an instruction set.
 * relate_f32.h says what the names mean. */
#ifndef XENT_KERNELS_RELATE_F64_H
#define XENT_KERNELS_RELATE_F64_H

#include "exp.inc.h"
#include "two_sum.h"

/* e^x 2^64 of each lane by the kernels' own term, to about an ulp down to x = -1086 ln 2. */
static inline vf64 exp_of_lanes(vf64 x)
{
    vf64 scale, low;
    exp_one(reference(0), x, &scale, &low);
    return vf64_fma(scale, low, scale);
}

static inline double exp_of_one(double x) { return vf64_first(exp_of_lanes(vf64_set(x))); }

static inline vf64 unit_of_lanes(vf64 k, vf64 max)
{
    vf64 a = vf64_fma(k, vf64_set(EXP_F64_LN2_HI), vf64_mul(max, vf64_set(-1)));
    return vf64_mul(exp_of_lanes(vf64_fma(k, vf64_set(EXP_F64_LN2_LO), a)), vf64_set(0x1p-64));
}

static inline double unit_of(double exponent, double max)
{
    return vf64_first(unit_of_lanes(vf64_set(exponent), vf64_set(max)));
}

static inline void units_of(const double *exponent, const double *max, double *unit, size_t rows)
{
    for (size_t r = 0; r < rows; r += VF64_WIDTH)
        vf64_store(unit + r, unit_of_lanes(vf64_load(exponent + r), vf64_load(max + r)));
}

/* The rounding of lower - upper, which alone would cost |d| 2^-53, is put back to first order. Nothing but the result is
   rounded to a subnormal: many equal classes can be worth more than one where a single class is not. */
static inline double scaled(double sum, double lower, double upper)
{
    double d = lower, error = 0;
    vf64 e;
    add_two(&d, &error, -upper);
    if (d < -754) return sum * 0;
    e = vf64_set(exp_of_one(d));
    return sum * vf64_first(vf64_fma(e, vf64_set(error), e)) * 0x1p-64;
}

#endif
