/* Vectors of 128 bits on NEON, as every aarch64 CPU has it. A function means what the one of the same name means in
 * scalar.h. */
#ifndef XENT_KERNELS_NEON_H
#define XENT_KERNELS_NEON_H

#include <arm_neon.h>
#include <stdint.h>

#include "bits.h"
#include "constants.h"
#include "kernels.h"
#include "plain_memory.h"

#define VF32_WIDTH 4
#define VF64_WIDTH 2
#define VF32_HALVES 2
#define VF32_SWEEP 4
#define VF64_SWEEP 4
#define VF32_STAGED 4
#define VF64_STAGED 2
#define VF64_SUMS 8
#define VF32_PAIRED_BF16 0

typedef float32x4_t vf32;
typedef float64x2_t vf64;

static inline __attribute__((always_inline)) void prefetch(const void *address) { __builtin_prefetch(address); }

static inline vf32 vf32_load(const float *p) { return vld1q_f32(p); }
static inline void vf32_store(float *p, vf32 a) { vst1q_f32(p, a); }
static inline vf32 vf32_set(float x) { return vdupq_n_f32(x); }
static inline vf32 vf32_load_bf16(const uint16_t *p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }
static inline void vf32_load_pair_bf16(const uint16_t *p, vf32 *pair)
{
    pair[0] = vf32_load_bf16(p);
    pair[1] = vf32_load_bf16(p + VF32_WIDTH);
}
static inline void vf32_interleave(vf32 *pair) { (void)pair; }
static inline uint32x4_t vf32_bf16(vf32 a)
{
    uint32x4_t u = vreinterpretq_u32_f32(a), odd = vandq_u32(vshrq_n_u32(u, 16), vdupq_n_u32(1));
    return vshrq_n_u32(vaddq_u32(u, vaddq_u32(odd, vdupq_n_u32(0x7fff))), 16);
}
static inline void vf32_store_number_bf16(uint16_t *p, vf32 a) { vst1_u16(p, vmovn_u32(vf32_bf16(a))); }
static inline void vf32_store_bf16(uint16_t *p, vf32 a)
{
    vst1_u16(p, vmovn_u32(vbslq_u32(vceqq_f32(a, a), vf32_bf16(a), vdupq_n_u32(0x7fc0))));
}
static inline void vf32_store_numbers_bf16(uint16_t *p, const vf32 *pair)
{
    vf32_store_number_bf16(p, pair[0]);
    vf32_store_number_bf16(p + VF32_WIDTH, pair[1]);
}
static inline void vf32_store_number_pair_bf16(uint16_t *p, const vf32 *pair) { vf32_store_numbers_bf16(p, pair); }
static inline vf32 vf32_load_f16(const uint16_t *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
static inline void vf32_store_number_f16(uint16_t *p, vf32 a) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(a))); }
static inline void vf32_store_f16(uint16_t *p, vf32 a)
{
    vf32_store_number_f16(p, vbslq_f32(vceqq_f32(a, a), a, vdupq_n_f32(__builtin_nanf(""))));
}
static inline vf32 vf32_max(vf32 a, vf32 b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
static inline vf32 vf32_add(vf32 a, vf32 b) { return vaddq_f32(a, b); }
static inline vf32 vf32_sub(vf32 a, vf32 b) { return vsubq_f32(a, b); }
static inline vf32 vf32_mul(vf32 a, vf32 b) { return vmulq_f32(a, b); }
static inline vf32 vf32_div(vf32 a, vf32 b) { return vdivq_f32(a, b); }
static inline vf32 vf32_abs(vf32 a) { return vabsq_f32(a); }
static inline vf32 vf32_with_sign(vf32 a, vf32 b)
{
    return vreinterpretq_f32_u32(
        vorrq_u32(vreinterpretq_u32_f32(a), vandq_u32(vreinterpretq_u32_f32(b), vdupq_n_u32(0x80000000))));
}
static inline vf32 vf32_where_less(vf32 a, vf32 b, vf32 yes, vf32 no) { return vbslq_f32(vcltq_f32(a, b), yes, no); }
static inline vf32 vf32_where_equal(vf32 a, vf32 b, vf32 yes, vf32 no) { return vbslq_f32(vceqq_f32(a, b), yes, no); }
static inline vf32 vf32_count_less(vf32 sum, vf32 a, vf32 b)
{
    return vbslq_f32(vcltq_f32(a, b), vaddq_f32(sum, vdupq_n_f32(1.0f)), sum);
}
static inline unsigned vf32_bits(uint32x4_t mask)
{
    static const uint32_t lane[VF32_WIDTH] = { 1, 2, 4, 8 };
    return vaddvq_u32(vandq_u32(mask, vld1q_u32(lane)));
}
static inline unsigned vf32_equal(vf32 a, vf32 b) { return vf32_bits(vceqq_f32(a, b)); }
static inline unsigned vf32_less(vf32 a, vf32 b) { return vf32_bits(vcltq_f32(a, b)); }
static inline unsigned vf32_above(vf32 a, vf32 b) { return vf32_bits(vmvnq_u32(vcleq_f32(a, b))); }
static inline vf32 vf32_canonical(vf32 a) { return vbslq_f32(vceqq_f32(a, a), a, vdupq_n_f32(__builtin_nanf(""))); }
static inline void vf32_widen_all(vf32 a, vf64 *halves)
{
    halves[0] = vcvt_f64_f32(vget_low_f32(a));
    halves[1] = vcvt_high_f64_f32(a);
}
static inline vf64 vf32_widen(vf32 a, int half) { return half ? vcvt_high_f64_f32(a) : vcvt_f64_f32(vget_low_f32(a)); }
static inline vf32 vf32_narrow(const vf64 *halves) { return vcvt_high_f32_f64(vcvt_f32_f64(halves[0]), halves[1]); }
static inline float vf32_max_lane(vf32 a) { return vmaxvq_f32(a); }
static inline vf32 vf32_fma(vf32 a, vf32 b, vf32 c) { return vfmaq_f32(c, a, b); }
/* Entry t & 7 of a table of 8 floats in each lane: four bytes by their numbers. */
static inline uint32x4_t vf32_look_up(const void *table, vf32 t)
{
    uint8x16x2_t bytes = { { vld1q_u8(table), vld1q_u8((const uint8_t *)table + 16) } };
    uint32x4_t entry = vandq_u32(vreinterpretq_u32_f32(t), vdupq_n_u32(7));
    entry = vmlaq_u32(vdupq_n_u32(0x03020100), entry, vdupq_n_u32(0x04040404));
    return vreinterpretq_u32_u8(vqtbl2q_u8(bytes, vreinterpretq_u8_u32(entry)));
}
static inline vf32 vf32_exp_scale(vf32 t)
{
    return vreinterpretq_f32_u32(vaddq_u32(vf32_look_up(exp_f32_scale, t), vshlq_n_u32(vreinterpretq_u32_f32(t), 20)));
}
static inline vf32 vf32_exp_correction(vf32 t) { return vreinterpretq_f32_u32(vf32_look_up(exp_f32_correction, t)); }
/* The bits of x above those of the square root of 1/2. */
static inline uint32x4_t vf32_above_half_root(vf32 x)
{
    return vaddq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(ONE_F32 - HALF_ROOT_F32));
}
static inline vf32 vf32_log_exponent(vf32 x)
{
    return vsubq_f32(vcvtq_f32_u32(vshrq_n_u32(vf32_above_half_root(x), 23)), vdupq_n_f32(127.0f));
}
static inline vf32 vf32_log_fraction(vf32 x)
{
    uint32x4_t low = vandq_u32(vf32_above_half_root(x), vdupq_n_u32(0x7fffff));
    return vsubq_f32(vreinterpretq_f32_u32(vaddq_u32(low, vdupq_n_u32(HALF_ROOT_F32))), vdupq_n_f32(1.0f));
}

static inline void vf32_transpose(vf32 *rows)
{
    vf32 a = vtrn1q_f32(rows[0], rows[1]), b = vtrn2q_f32(rows[0], rows[1]);
    vf32 c = vtrn1q_f32(rows[2], rows[3]), d = vtrn2q_f32(rows[2], rows[3]);
    rows[0] = vcombine_f32(vget_low_f32(a), vget_low_f32(c));
    rows[1] = vcombine_f32(vget_low_f32(b), vget_low_f32(d));
    rows[2] = vcombine_f32(vget_high_f32(a), vget_high_f32(c));
    rows[3] = vcombine_f32(vget_high_f32(b), vget_high_f32(d));
}

static inline vf64 vf64_load(const double *p) { return vld1q_f64(p); }
static inline void vf64_store(double *p, vf64 a) { vst1q_f64(p, a); }
static inline vf64 vf64_load_f32(const float *p) { return vcvt_f64_f32(vld1_f32(p)); }
static inline uint16x4_t vf64_load_words(const uint16_t *p)
{
    uint32_t both;
    memcpy(&both, p, sizeof both);
    return vreinterpret_u16_u32(vdup_n_u32(both));
}
static inline vf64 vf64_load_f16(const uint16_t *p)
{
    return vcvt_f64_f32(vget_low_f32(vcvt_f32_f16(vreinterpret_f16_u16(vf64_load_words(p)))));
}
static inline vf64 vf64_load_bf16(const uint16_t *p)
{
    return vcvt_f64_f32(vget_low_f32(vreinterpretq_f32_u32(vshll_n_u16(vf64_load_words(p), 16))));
}
static inline vf64 vf64_set(double x) { return vdupq_n_f64(x); }
static inline vf64 vf64_max(vf64 a, vf64 b) { return vbslq_f64(vcgtq_f64(a, b), a, b); }
static inline vf64 vf64_add(vf64 a, vf64 b) { return vaddq_f64(a, b); }
static inline vf64 vf64_sub(vf64 a, vf64 b) { return vsubq_f64(a, b); }
static inline vf64 vf64_mul(vf64 a, vf64 b) { return vmulq_f64(a, b); }
static inline vf64 vf64_sub_apart(vf64 a, vf64 b) { return vsubq_f64(a, b); }
static inline vf64 vf64_add_apart(vf64 a, vf64 b) { return vaddq_f64(a, b); }
static inline vf64 vf64_add_product(vf64 a, vf64 b, vf64 c) { return vfmaq_f64(a, b, c); }
static inline vf64 vf64_div(vf64 a, vf64 b) { return vdivq_f64(a, b); }
static inline vf64 vf64_abs(vf64 a) { return vabsq_f64(a); }
static inline vf64 vf64_with_sign(vf64 a, vf64 b)
{
    return vreinterpretq_f64_u64(
        vorrq_u64(vreinterpretq_u64_f64(a), vandq_u64(vreinterpretq_u64_f64(b), vdupq_n_u64(0x8000000000000000))));
}
static inline vf64 vf64_where_less(vf64 a, vf64 b, vf64 yes, vf64 no) { return vbslq_f64(vcltq_f64(a, b), yes, no); }
static inline vf64 vf64_where_equal(vf64 a, vf64 b, vf64 yes, vf64 no) { return vbslq_f64(vceqq_f64(a, b), yes, no); }
static inline vf64 vf64_count_less(vf64 sum, vf64 a, vf64 b)
{
    return vbslq_f64(vcltq_f64(a, b), vaddq_f64(sum, vdupq_n_f64(1.0)), sum);
}
static inline vf64 vf64_unless_zero(vf64 a, vf64 b) { return vbslq_f64(vceqzq_f64(a), vdupq_n_f64(0.0), b); }
static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) { return vfmaq_f64(c, a, b); }
static inline unsigned vf64_bits(uint64x2_t mask)
{
    static const uint64_t lane[VF64_WIDTH] = { 1, 2 };
    return (unsigned)vaddvq_u64(vandq_u64(mask, vld1q_u64(lane)));
}
static inline unsigned vf64_equal(vf64 a, vf64 b) { return vf64_bits(vceqq_f64(a, b)); }
static inline unsigned vf64_less(vf64 a, vf64 b) { return vf64_bits(vcltq_f64(a, b)); }
static inline unsigned vf64_above(vf64 a, vf64 b) { return vf64_bits(veorq_u64(vcleq_f64(a, b), vdupq_n_u64(~UINT64_C(0)))); }
static inline vf64 vf64_canonical(vf64 a) { return vbslq_f64(vceqq_f64(a, a), a, vdupq_n_f64(__builtin_nan(""))); }
static inline double vf64_max_lane(vf64 a) { return vmaxvq_f64(a); }
static inline double vf64_sum_lanes(vf64 a) { return vgetq_lane_f64(a, 0) + vgetq_lane_f64(a, 1); }
static inline double vf64_first(vf64 a) { return vgetq_lane_f64(a, 0); }
/* Entry t & 7 of a table of 8 doubles in each lane: eight bytes by their numbers. The low word of a lane of t gives the number
   of the entry for both words of the result. */
static inline uint64x2_t vf64_look_up(const void *table, vf64 t)
{
    static const uint32_t bytes_of_0[4] = { 0x03020100, 0x07060504, 0x03020100, 0x07060504 };
    const uint8_t *at = table;
    uint8x16x4_t bytes = { { vld1q_u8(at), vld1q_u8(at + 16), vld1q_u8(at + 32), vld1q_u8(at + 48) } };
    uint32x4_t word = vreinterpretq_u32_f64(t), entry = vandq_u32(vtrn1q_u32(word, word), vdupq_n_u32(7));
    entry = vmlaq_u32(vld1q_u32(bytes_of_0), entry, vdupq_n_u32(0x08080808));
    return vreinterpretq_u64_u8(vqtbl4q_u8(bytes, vreinterpretq_u8_u32(entry)));
}
static inline vf64 vf64_exp_scale(vf64 t)
{
    return vreinterpretq_f64_u64(vaddq_u64(vf64_look_up(exp_f64_scale, t), vshlq_n_u64(vreinterpretq_u64_f64(t), 49)));
}
static inline vf64 vf64_exp_correction(vf64 t) { return vreinterpretq_f64_u64(vf64_look_up(exp_f64_correction, t)); }
static inline uint64x2_t vf64_above_half_root(vf64 x)
{
    return vaddq_u64(vreinterpretq_u64_f64(x), vdupq_n_u64(ONE_F64 - HALF_ROOT_F64));
}
static inline vf64 vf64_log_exponent(vf64 x)
{
    return vsubq_f64(vcvtq_f64_u64(vshrq_n_u64(vf64_above_half_root(x), 52)), vdupq_n_f64(1023.0));
}
static inline vf64 vf64_log_fraction(vf64 x)
{
    uint64x2_t low = vandq_u64(vf64_above_half_root(x), vdupq_n_u64(0xfffffffffffff));
    return vsubq_f64(vreinterpretq_f64_u64(vaddq_u64(low, vdupq_n_u64(HALF_ROOT_F64))), vdupq_n_f64(1.0));
}

static inline void vf64_transpose(vf64 *rows)
{
    vf64 a = rows[0], b = rows[1];
    rows[0] = vtrn1q_f64(a, b);
    rows[1] = vtrn2q_f64(a, b);
}

#endif
