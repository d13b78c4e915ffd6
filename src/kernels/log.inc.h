/* Logarithms in plain double. Assumes round-to-nearest, and no instruction set: without branches and fused multiply-add, loops
 * over these functions become vector code on any.
 *
 * x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt 2, and ln(1 + f) = 2 atanh(s) with s = f / (2 + f): the method of FDLIBM's
 * s_log1p.c, with our own polynomial. */
#ifndef XENT_KERNELS_LOG_INC_H
#define XENT_KERNELS_LOG_INC_H

#include <math.h>
#include <stdbool.h>

#include "bits.h"
#include "constants.h"

/* k ln 2 + ln(1 + f) + c, with an error below 1 ulp. */
static inline double ln_reduced(double k, double f, double c)
{
    double h = 0.5 * f * f, s = f / (2 + f), z = s * s, w = z * z;
    double odd = w * (LOG_R1 + w * (LOG_R3 + w * LOG_R5));
    double even = z * (LOG_R0 + w * (LOG_R2 + w * (LOG_R4 + w * LOG_R6)));
    return k * LOG_LN2_HI - ((h - (s * (h + (odd + even)) + (k * LOG_LN2_LO + c))) - f);
}

/* Splits x = 2^k (1 + f), a normal number above 0, and returns k. The exponent becomes a double by way of the low bits of
   2^52. */
static inline double split(double x, double *f)
{
    const uint64_t half_root = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000, two_52 = 0x4330000000000000;
    uint64_t u = bits_of_f64(x) + (one - half_root);
    *f = f64_of_bits((u & 0xfffffffffffff) + half_root) - 1;
    return f64_of_bits(two_52 | (u >> 52)) - (0x1p52 + 1023);
}

/* ln(1 + r), r >= 0. corrected: the rounding of 1 + r, which is worth 2^-53, is put back. */
static inline double ln_of_1_plus(double r, bool corrected)
{
    double u = 1 + r, f, k = split(u, &f), c = 0;
    if (corrected) c = (r < 1 ? r - (u - 1) : 1 - (u - r)) / u;
    c = k == 0 ? 0 : c;
    f = k == 0 ? r : f;
    f = ln_reduced(k, f, c);
    return r < (double)INFINITY ? f : r;
}

static inline double ln(double x)
{
    bool subnormal = x < 0x1p-1022;
    double f, k = split(subnormal ? x * 0x1p54 : x, &f), y = ln_reduced(subnormal ? k - 54 : k, f, 0);
    y = x < (double)INFINITY ? y : x;
    y = x == 0 ? -(double)INFINITY : y;
    return x < 0 || x != x ? (double)NAN : y;
}

#endif
