/* Vector primitives in plain C: one lane. The meaning of each primitive, on every backend, is its line here; a backend's own
 * wrapper equals it bit for bit on NaN operands' positions, signed zeros, infinities and subnormals alike. */
#ifndef XENT_KERNELS_SIMD_SCALAR_H
#define XENT_KERNELS_SIMD_SCALAR_H

#include <math.h>
#include <stdint.h>

#include "bits.h"
#include "constants.h"
#include "kernels.h"

#define VF32_WIDTH 1  /* lanes of a vf32 */
#define VF64_WIDTH 1  /* lanes of a vf64 */
#define VF32_HALVES 1 /* vf64 that hold the lanes of one vf32 */
#define VF32_SWEEP 16 /* vectors of a group that are worked on at a time: as many as fit the registers */
#define VF64_SWEEP 8
#define VF32_STAGED 1 /* of a sweep, how many go operation by operation */
#define VF64_STAGED 1
#define VF32_PAIRED_BF16                                                                                                       \
    0 /* whether there are vf32_load_pair_bf16, which fills two vectors with the even and the odd elements, and
                              vf32_interleave, which puts two such vectors in order */
#define VECTOR_PREFETCH(address) ((void)(address))

typedef float vf32;
typedef double vf64;

/* A cache line to a place aligned as one, past the caches where there is a way; stream_end: other threads see what went that way
   before anything that is stored from here on. */
static inline void stream_line(void *to, const void *from) { memcpy(to, from, XENT_LINE); }
static inline void stream_end(void) {}

static inline vf32 vf32_load(const float *p) { return *p; }
static inline void vf32_store(float *p, vf32 a) { *p = a; }
static inline vf32 vf32_load_f16(const uint16_t *p) { return f32_of_f16(*p); }
static inline vf32 vf32_load_bf16(const uint16_t *p) { return f32_of_bf16(*p); }
static inline void vf32_store_f16(uint16_t *p, vf32 a) { *p = f16_of_f64((double)a); }
static inline void vf32_store_bf16(uint16_t *p, vf32 a) { *p = bf16_of_f64((double)a); }
/* the same of what is not NaN */
static inline void vf32_store_number_f16(uint16_t *p, vf32 a) { vf32_store_f16(p, a); }
static inline void vf32_store_number_bf16(uint16_t *p, vf32 a) { vf32_store_bf16(p, a); }
static inline vf32 vf32_set(float x) { return x; }
static inline vf32 vf32_max(vf32 a, vf32 b) { return a > b ? a : b; }
static inline vf32 vf32_add(vf32 a, vf32 b) { return a + b; }
static inline vf32 vf32_sub(vf32 a, vf32 b) { return a - b; }
static inline vf32 vf32_mul(vf32 a, vf32 b) { return a * b; }
static inline vf32 vf32_div(vf32 a, vf32 b) { return a / b; }
static inline vf32 vf32_abs(vf32 a) { return f32_of_bits(bits_of_f32(a) & 0x7fffffff); }
/* a, which is not negative, with the sign of b */
static inline vf32 vf32_with_sign(vf32 a, vf32 b) { return f32_of_bits(bits_of_f32(a) | (bits_of_f32(b) & 0x80000000)); }
/* a < b ? yes : no, in each lane */
static inline vf32 vf32_where_less(vf32 a, vf32 b, vf32 yes, vf32 no) { return a < b ? yes : no; }
/* bit i: whether lane i is equal */
static inline unsigned vf32_equal(vf32 a, vf32 b) { return a == b; }
/* sum[half] += the lanes of that half as doubles */
static inline void vf32_add_widened(vf64 *sum, vf32 a) { *sum += (double)a; }
/* the lanes of one half as doubles */
static inline vf64 vf32_widen(vf32 a, int half)
{
    (void)half;
    return (double)a;
}
/* the lanes of a vf64 for each half, rounded */
static inline vf32 vf32_narrow(const vf64 *halves) { return (float)halves[0]; }
static inline float vf32_max_lane(vf32 a) { return a; }
/* lane j of vector i changes places with lane i of vector j, of as many vectors as there are lanes */
static inline void vf32_transpose(vf32 *rows) { (void)rows; }

/* a * b + c rounded once. Without the instruction: the product is exact in double; where converting the sum to f32 would round
   a second time (an f32 midpoint, a subnormal), the sum is first rounded to odd by its TwoSum error (Boldo and Melquiond 2008,
   "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd"). */
static inline vf32 vf32_fma(vf32 a, vf32 b, vf32 c)
{
#ifdef __FP_FAST_FMAF
    return __builtin_fmaf(a, b, c);
#else
    double product = (double)a * b, addend = c, sum = product + addend;
    uint64_t u;
    memcpy(&u, &sum, sizeof u);
    if ((u & 0x1fffffff) == 0x10000000 || fabs(sum) < 0x1p-126) {
        double back = sum - product, error = (product - (sum - back)) + (addend - back);
        if (error != 0 && (u & 1) == 0) {
            u = (error > 0) == (sum > 0) ? u + 1 : u - 1;
            memcpy(&sum, &u, sizeof sum);
        }
    }
    return (float)sum;
#endif
}

/* bits of 2^n 2^(j/8), from the low bits 8n + j of t */
static inline vf32 vf32_exp_scale(vf32 t) { return f32_of_bits(exp_f32_scale[bits_of_f32(t) & 7] + (bits_of_f32(t) << 20)); }
static inline vf32 vf32_exp_correction(vf32 t) { return exp_f32_correction[bits_of_f32(t) & 7]; }

static inline vf64 vf64_load(const double *p) { return *p; }
static inline void vf64_store(double *p, vf64 a) { *p = a; }
/* elements of the narrower types, as many as a vf64 has lanes */
static inline vf64 vf64_load_f32(const float *p) { return (double)*p; }
static inline vf64 vf64_load_f16(const uint16_t *p) { return (double)f32_of_f16(*p); }
static inline vf64 vf64_load_bf16(const uint16_t *p) { return (double)f32_of_bf16(*p); }
static inline vf64 vf64_set(double x) { return x; }
static inline vf64 vf64_max(vf64 a, vf64 b) { return a > b ? a : b; }
static inline vf64 vf64_add(vf64 a, vf64 b) { return a + b; }
static inline vf64 vf64_sub(vf64 a, vf64 b) { return a - b; }
static inline vf64 vf64_mul(vf64 a, vf64 b) { return a * b; }
static inline vf64 vf64_div(vf64 a, vf64 b) { return a / b; }
static inline vf64 vf64_abs(vf64 a) { return f64_of_bits(bits_of_f64(a) & 0x7fffffffffffffff); }
static inline vf64 vf64_with_sign(vf64 a, vf64 b)
{
    return f64_of_bits(bits_of_f64(a) | (bits_of_f64(b) & 0x8000000000000000));
}
static inline vf64 vf64_where_less(vf64 a, vf64 b, vf64 yes, vf64 no) { return a < b ? yes : no; }
/* b, but +0 where a is 0 */
static inline vf64 vf64_unless_zero(vf64 a, vf64 b) { return a == 0 ? 0 : b; }
static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) { return fma(a, b, c); }
static inline unsigned vf64_equal(vf64 a, vf64 b) { return a == b; }
static inline double vf64_max_lane(vf64 a) { return a; }
static inline void vf64_transpose(vf64 *rows) { (void)rows; }
/* what there is to widen and to narrow */
static inline vf64 vf64_widen(vf64 a, int whole)
{
    (void)whole;
    return a;
}
static inline vf64 vf64_narrow(const vf64 *whole) { return whole[0]; }
static inline double vf64_first(vf64 a) { return a; }
static inline vf64 vf64_exp_scale(vf64 t) { return f64_of_bits(exp_f64_scale[bits_of_f64(t) & 7] + (bits_of_f64(t) << 49)); }
static inline vf64 vf64_exp_correction(vf64 t) { return exp_f64_correction[bits_of_f64(t) & 7]; }

#endif
