/* The gap of classes that all have the same coefficient, from the sum of their logits: for a chunk (reduce.inc.h) and, in loops that
 * become vector code, for rows side by side. Plain doubles without branches, no instruction set and no fused multiply-add. */
#ifndef XENT_KERNELS_EQUAL_H
#define XENT_KERNELS_EQUAL_H

#include <math.h>
#include <stdint.h>

#include "bits.h"

/* What rounding count * x lost, exactly, for a count of at most 2^26; not finite where the product is not. Both halves of x have so few
   digits that their products are exact. */
static inline double product_error(double count, double x, double product)
{
    double high = f64_of_bits(bits_of_f64(x) & ~(uint64_t)0x3ffffff);
    return (count * high - product) + count * (x - high);
}

/* The sum of coef * (max - z) over `count` classes, at most a chunk, whose logits add up to sum + error. max: of all of them; -inf counts
   as 0. A coefficient of 0 contributes 0.

   count * max and the sum may be large where their difference is small, and yet no digit of that is lost. Logits within a factor of 2
   of the maximum are multiples of half its last place, and so are their sums, which are exact in a double for f32 and with the errors
   of TwoSum for f64; any other logit makes the difference at least half of |max| and a third of the largest |z|. docs/numerics.md has
   the bound.

   The error is NaN where TwoSum has met an infinity; the plain difference then tells which. Where that is not finite either although
   max is, the caller looks closer. */
static inline double equal_gap(double coef, double count, double max, double sum, double error)
{
    double base = max == -(double)INFINITY ? 0 : max, product = count * base, plain = product - sum;
    double distance = plain + (product_error(count, base, product) - error), gap;
    distance = distance == distance ? distance : plain;
    gap = coef * distance;
    return coef == 0 ? 0 : gap;
}

#endif
