/* Vectors of one lane, in plain C; assumes no instruction beyond the baseline. What a function of vectors means on every
 * instruction set is its definition here: the others equal it bit for bit, for signed zeros, infinities and subnormals too, and
 * give a NaN where it does. */
#ifndef XENT_KERNELS_SCALAR_H
#define XENT_KERNELS_SCALAR_H

#include <math.h>
#include <stdint.h>

#include "bits.h"
#include "constants.h"
#include "fma.h"
#include "kernels.h"
#include "plain_memory.h"

#define VF32_WIDTH 1  /* lanes of a vf32 */
#define VF64_WIDTH 1  /* lanes of a vf64 */
#define VF32_HALVES 1 /* vf64 that the lanes of one vf32 fill */
#define VF32_SWEEP 2  /* vectors of a group that are worked on at a time */
#define VF64_SWEEP 4
#define VF32_STAGED 2 /* how many vectors of a sweep go through the exponential side by side, operation by operation */
#define VF64_STAGED 1
#define VF64_SUMS 4        /* how many sums, each with its error, registers hold */
#define VF32_PAIRED_BF16 0 /* whether vf32_load_pair_bf16 sorts elements by even and odd */

typedef float vf32;
typedef double vf64;

static inline __attribute__((always_inline)) void prefetch(const void *address) { (void)address; }

static inline vf32 vf32_load(const float *p) { return *p; }
static inline void vf32_store(float *p, vf32 a) { *p = a; }
static inline vf32 vf32_load_f16(const uint16_t *p) { return f32_of_f16(*p); }
static inline vf32 vf32_load_bf16(const uint16_t *p) { return f32_of_bf16(*p); }
/* Two vectors of elements. Where VF32_PAIRED_BF16 is set, the first one gets the even elements and the second one the odd ones;
   in any case vf32_interleave puts them in the order of memory. */
static inline void vf32_load_pair_bf16(const uint16_t *p, vf32 *pair)
{
    pair[0] = vf32_load_bf16(p);
    pair[1] = vf32_load_bf16(p + VF32_WIDTH);
}
static inline void vf32_interleave(vf32 *pair) { (void)pair; }
static inline void vf32_store_f16(uint16_t *p, vf32 a) { *p = f16_of_f64((double)a); }
static inline void vf32_store_bf16(uint16_t *p, vf32 a) { *p = bf16_of_f64((double)a); }
/* The same for a number: a NaN may become anything. */
static inline void vf32_store_number_f16(uint16_t *p, vf32 a) { vf32_store_f16(p, a); }
static inline void vf32_store_number_bf16(uint16_t *p, vf32 a) { vf32_store_bf16(p, a); }
/* Two vectors. */
static inline void vf32_store_numbers_bf16(uint16_t *p, const vf32 *pair)
{
    vf32_store_number_bf16(p, pair[0]);
    vf32_store_number_bf16(p + VF32_WIDTH, pair[1]);
}
/* Those of vf32_load_pair_bf16 back to memory. */
static inline void vf32_store_number_pair_bf16(uint16_t *p, const vf32 *pair) { vf32_store_numbers_bf16(p, pair); }
static inline vf32 vf32_set(float x) { return x; }
static inline vf32 vf32_max(vf32 a, vf32 b) { return a > b ? a : b; }
static inline vf32 vf32_add(vf32 a, vf32 b) { return a + b; }
static inline vf32 vf32_sub(vf32 a, vf32 b) { return a - b; }
static inline vf32 vf32_mul(vf32 a, vf32 b) { return a * b; }
static inline vf32 vf32_div(vf32 a, vf32 b) { return a / b; }
static inline vf32 vf32_abs(vf32 a) { return f32_of_bits(bits_of_f32(a) & 0x7fffffff); }
/* a, which must not be negative, with the sign of b. */
static inline vf32 vf32_with_sign(vf32 a, vf32 b) { return f32_of_bits(bits_of_f32(a) | (bits_of_f32(b) & 0x80000000)); }
/* In each lane: a < b ? yes : no. */
static inline vf32 vf32_where_less(vf32 a, vf32 b, vf32 yes, vf32 no) { return a < b ? yes : no; }
static inline vf32 vf32_where_equal(vf32 a, vf32 b, vf32 yes, vf32 no) { return a == b ? yes : no; }
/* In each lane: sum + 1 where a < b. */
static inline vf32 vf32_count_less(vf32 sum, vf32 a, vf32 b) { return a < b ? sum + 1 : sum; }
/* Bit i says whether lane i of a equals lane i of b, and whether it is less. */
static inline unsigned vf32_equal(vf32 a, vf32 b) { return a == b; }
static inline unsigned vf32_less(vf32 a, vf32 b) { return a < b; }
/* Whether it is larger, or one of the two is NaN. */
static inline unsigned vf32_above(vf32 a, vf32 b) { return (unsigned)!(a <= b); }
/* a, with the canonical NaN in place of any other. */
static inline vf32 vf32_canonical(vf32 a) { return a == a ? a : NAN; }
/* All lanes of a as doubles, those of one half in each. */
static inline void vf32_widen_all(vf32 a, vf64 *halves) { *halves = (double)a; }
/* The lanes of one half of a as doubles. */
static inline vf64 vf32_widen(vf32 a, int half)
{
    (void)half;
    return (double)a;
}
/* The lanes of a vf64 for each half, rounded to f32. */
static inline vf32 vf32_narrow(const vf64 *halves) { return (float)halves[0]; }
static inline float vf32_max_lane(vf32 a) { return a; }
/* Lane j of vector i changes places with lane i of vector j, of as many vectors as there are lanes. */
static inline void vf32_transpose(vf32 *rows) { (void)rows; }

/* sum = product + addend, but rounded to odd where it is not exact, by means of its TwoSum error. Seldom called. */
static __attribute__((noinline, cold, unused)) double round_to_odd(double product, double addend)
{
    double sum = product + addend, back = sum - product, error = (product - (sum - back)) + (addend - back);
    uint64_t u = bits_of_f64(sum);
    if (error == 0 || (u & 1) != 0) return sum;
    return f64_of_bits((error > 0) == (sum > 0) ? u + 1 : u - 1);
}

/* a * b + c, rounded once. A CPU that lacks the instruction gets it so: the product is exact in double; where converting the
   sum to f32 would round a second time (at a midpoint between two f32, or to a subnormal), the sum is first rounded to odd
   (Boldo and Melquiond 2008, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd"). */
static inline vf32 vf32_fma(vf32 a, vf32 b, vf32 c)
{
#ifdef __FP_FAST_FMAF
    return __builtin_fmaf(a, b, c);
#else
    double product = (double)a * b, sum = product + (double)c;
    if ((bits_of_f64(sum) & 0x1fffffff) == 0x10000000 || fabs(sum) < 0x1p-126) sum = round_to_odd(product, (double)c);
    return (float)sum;
#endif
}

/* About 2^n 2^(j/8), where the low bits of t are 8n + j: an entry of a table whose exponent n is added to. */
static inline vf32 vf32_exp_scale(vf32 t) { return f32_of_bits(exp_f32_scale[bits_of_f32(t) & 7] + (bits_of_f32(t) << 20)); }
/* What that entry lacks to 2^(j/8), relative to it. */
static inline vf32 vf32_exp_correction(vf32 t) { return exp_f32_correction[bits_of_f32(t) & 7]; }

/* Of x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt 2: k and f. x is a normal number above 0. The exponent becomes a number by way of the
   low bits of 2^23. */
static inline vf32 vf32_log_exponent(vf32 x)
{
    return f32_of_bits(0x4b000000 | (bits_of_f32(x) + (ONE_F32 - HALF_ROOT_F32)) >> 23) - (0x1p23f + 127);
}
static inline vf32 vf32_log_fraction(vf32 x)
{
    return f32_of_bits(((bits_of_f32(x) + (ONE_F32 - HALF_ROOT_F32)) & 0x7fffff) + HALF_ROOT_F32) - 1;
}

static inline vf64 vf64_load(const double *p) { return *p; }
static inline void vf64_store(double *p, vf64 a) { *p = a; }
/* As many elements of a narrower type as a vf64 has lanes. */
static inline vf64 vf64_load_f32(const float *p) { return (double)*p; }
static inline vf64 vf64_load_f16(const uint16_t *p) { return (double)f32_of_f16(*p); }
static inline vf64 vf64_load_bf16(const uint16_t *p) { return (double)f32_of_bf16(*p); }
static inline vf64 vf64_set(double x) { return x; }
static inline vf64 vf64_max(vf64 a, vf64 b) { return a > b ? a : b; }
static inline vf64 vf64_add(vf64 a, vf64 b) { return a + b; }
static inline vf64 vf64_sub(vf64 a, vf64 b) { return a - b; }
static inline vf64 vf64_mul(vf64 a, vf64 b) { return a * b; }
/* a - b and a + b by the multipliers, where the adders, which convert numbers too, are what a loop waits for. */
static inline vf64 vf64_sub_apart(vf64 a, vf64 b) { return a - b; }
static inline vf64 vf64_add_apart(vf64 a, vf64 b) { return a + b; }
/* a + b * c of a product that a double holds exactly. */
static inline vf64 vf64_add_product(vf64 a, vf64 b, vf64 c) { return a + b * c; }
static inline vf64 vf64_div(vf64 a, vf64 b) { return a / b; }
static inline vf64 vf64_abs(vf64 a) { return f64_of_bits(bits_of_f64(a) & 0x7fffffffffffffff); }
static inline vf64 vf64_with_sign(vf64 a, vf64 b)
{
    return f64_of_bits(bits_of_f64(a) | (bits_of_f64(b) & 0x8000000000000000));
}
static inline vf64 vf64_where_less(vf64 a, vf64 b, vf64 yes, vf64 no) { return a < b ? yes : no; }
static inline vf64 vf64_where_equal(vf64 a, vf64 b, vf64 yes, vf64 no) { return a == b ? yes : no; }
static inline vf64 vf64_count_less(vf64 sum, vf64 a, vf64 b) { return a < b ? sum + 1 : sum; }
/* b, but +0 where a is 0. */
static inline vf64 vf64_unless_zero(vf64 a, vf64 b) { return a == 0 ? 0 : b; }
#if defined __MINGW32__ && !defined __FP_FAST_FMA /* whose library computes in the x87's 64 bits, and rounds twice */
static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) { return xent_fma(a, b, c); }
#else
static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) { return fma(a, b, c); }
#endif
static inline unsigned vf64_equal(vf64 a, vf64 b) { return a == b; }
static inline unsigned vf64_less(vf64 a, vf64 b) { return a < b; }
static inline unsigned vf64_above(vf64 a, vf64 b) { return (unsigned)!(a <= b); }
static inline vf64 vf64_canonical(vf64 a) { return a == a ? a : (double)NAN; }
static inline double vf64_max_lane(vf64 a) { return a; }
static inline void vf64_transpose(vf64 *rows) { (void)rows; }
/* The sum of the lanes, added by halves: each to the one that is half of their number behind it. */
static inline double vf64_sum_lanes(vf64 a) { return a; }
/* The lane of the lowest index. */
static inline double vf64_first(vf64 a) { return a; }
static inline vf64 vf64_exp_scale(vf64 t) { return f64_of_bits(exp_f64_scale[bits_of_f64(t) & 7] + (bits_of_f64(t) << 49)); }
static inline vf64 vf64_exp_correction(vf64 t) { return exp_f64_correction[bits_of_f64(t) & 7]; }
static inline vf64 vf64_log_exponent(vf64 x)
{
    return f64_of_bits(0x4330000000000000 | (bits_of_f64(x) + (ONE_F64 - HALF_ROOT_F64)) >> 52) - (0x1p52 + 1023);
}
static inline vf64 vf64_log_fraction(vf64 x)
{
    return f64_of_bits(((bits_of_f64(x) + (ONE_F64 - HALF_ROOT_F64)) & 0xfffffffffffff) + HALF_ROOT_F64) - 1;
}

#endif
