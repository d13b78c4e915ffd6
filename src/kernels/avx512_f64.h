/* Vectors of f64 on AVX-512 (F, DQ, BW, VL). May assume that its variant is compiled for these instructions. A function means what
 * the one of the same name means in scalar.h. */
#ifndef XENT_KERNELS_AVX512_F64_H
#define XENT_KERNELS_AVX512_F64_H

#include <immintrin.h>
#include <stdint.h>

#include "bits.h"
#include "constants.h"

#define VF64_WIDTH 8
#define VF64_SWEEP 2
#define VF64_STAGED 2
#define VF64_SUMS 8

typedef __m512d vf64;

static inline vf64 vf64_load(const double *p) { return _mm512_loadu_pd(p); }
static inline void vf64_store(double *p, vf64 a) { _mm512_storeu_pd(p, a); }
static inline vf64 vf64_load_f32(const float *p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
static inline vf64 vf64_load_bf16(const uint16_t *p)
{
    __m256i u = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm512_cvtps_pd(_mm256_castsi256_ps(_mm256_slli_epi32(u, 16)));
}
static inline vf64 vf64_load_f16(const uint16_t *p)
{
    return _mm512_cvtps_pd(
        _mm512_castps512_ps256(_mm512_cvtph_ps(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)p)))));
}
static inline vf64 vf64_set(double x) { return _mm512_set1_pd(x); }
static inline vf64 vf64_max(vf64 a, vf64 b) { return _mm512_max_pd(a, b); }
static inline vf64 vf64_add(vf64 a, vf64 b) { return _mm512_add_pd(a, b); }
static inline vf64 vf64_sub(vf64 a, vf64 b) { return _mm512_sub_pd(a, b); }
static inline vf64 vf64_mul(vf64 a, vf64 b) { return _mm512_mul_pd(a, b); }
static inline vf64 vf64_sub_apart(vf64 a, vf64 b) { return _mm512_fmsub_pd(a, _mm512_set1_pd(1.0), b); }
static inline vf64 vf64_add_apart(vf64 a, vf64 b) { return _mm512_fmadd_pd(a, _mm512_set1_pd(1.0), b); }
static inline vf64 vf64_add_product(vf64 a, vf64 b, vf64 c) { return _mm512_fmadd_pd(b, c, a); }
static inline vf64 vf64_div(vf64 a, vf64 b) { return _mm512_div_pd(a, b); }
static inline vf64 vf64_abs(vf64 a) { return _mm512_andnot_pd(_mm512_set1_pd(-0.0), a); }
/* a or (b and the sign's bit) */
static inline vf64 vf64_with_sign(vf64 a, vf64 b)
{
    __m512i sign = _mm512_castpd_si512(_mm512_set1_pd(-0.0));
    return _mm512_castsi512_pd(_mm512_ternarylogic_epi64(_mm512_castpd_si512(a), _mm512_castpd_si512(b), sign, 0xf8));
}
static inline vf64 vf64_where_less(vf64 a, vf64 b, vf64 yes, vf64 no)
{
    return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), no, yes);
}
static inline vf64 vf64_where_equal(vf64 a, vf64 b, vf64 yes, vf64 no)
{
    return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ), no, yes);
}
static inline vf64 vf64_count_less(vf64 sum, vf64 a, vf64 b)
{
    return _mm512_mask_add_pd(sum, _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), sum, _mm512_set1_pd(1.0));
}
static inline vf64 vf64_unless_zero(vf64 a, vf64 b)
{
    return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a, _mm512_setzero_pd(), _CMP_NEQ_UQ), b);
}
static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) { return _mm512_fmadd_pd(a, b, c); }
static inline unsigned vf64_equal(vf64 a, vf64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
static inline unsigned vf64_less(vf64 a, vf64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
static inline unsigned vf64_above(vf64 a, vf64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_NLE_UQ); }
static inline vf64 vf64_canonical(vf64 a)
{
    return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q), a, _mm512_set1_pd(__builtin_nan("")));
}
static inline double vf64_max_lane(vf64 a)
{
    __m256d half = _mm256_max_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
    __m128d m = _mm_max_pd(_mm256_castpd256_pd128(half), _mm256_extractf128_pd(half, 1));
    return _mm_cvtsd_f64(_mm_max_sd(m, _mm_unpackhi_pd(m, m)));
}
static inline double vf64_sum_lanes(vf64 a)
{
    __m256d half = _mm256_add_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
    __m128d quarter = _mm_add_pd(_mm256_castpd256_pd128(half), _mm256_extractf128_pd(half, 1));
    return _mm_cvtsd_f64(_mm_add_sd(quarter, _mm_unpackhi_pd(quarter, quarter)));
}
static inline double vf64_first(vf64 a) { return _mm_cvtsd_f64(_mm512_castpd512_pd128(a)); }
static inline vf64 vf64_even_quarters(vf64 a, vf64 b)
{
    return _mm512_permutex2var_pd(a, _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13), b);
}
static inline vf64 vf64_odd_quarters(vf64 a, vf64 b)
{
    return _mm512_permutex2var_pd(a, _mm512_setr_epi64(2, 3, 6, 7, 10, 11, 14, 15), b);
}
static inline void vf64_transpose(vf64 *rows)
{
    __m512d pairs[8], fours[8];
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm512_unpacklo_pd(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_pd(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            fours[i + k] = vf64_even_quarters(pairs[i + k], pairs[i + k + 2]);
            fours[i + k + 2] = vf64_odd_quarters(pairs[i + k], pairs[i + k + 2]);
        }
    for (int k = 0; k < 4; k++) {
        rows[k] = vf64_even_quarters(fours[k], fours[k + 4]);
        rows[k + 4] = vf64_odd_quarters(fours[k], fours[k + 4]);
    }
}
/* Entry t & 7 of a table of 8 doubles, which one vector holds, in each lane. */
static inline __m512i vf64_look_up(const void *table, vf64 t)
{
    return _mm512_permutexvar_epi64(_mm512_castpd_si512(t), _mm512_loadu_si512(table));
}
static inline vf64 vf64_exp_scale(vf64 t)
{
    __m512i shifted = _mm512_slli_epi64(_mm512_castpd_si512(t), 49);
    return _mm512_castsi512_pd(_mm512_add_epi64(vf64_look_up(exp_f64_scale, t), shifted));
}
static inline vf64 vf64_exp_correction(vf64 t) { return _mm512_castsi512_pd(vf64_look_up(exp_f64_correction, t)); }
/* The bits of x above those of the square root of 1/2. */
static inline __m512i vf64_above_half_root(vf64 x)
{
    return _mm512_add_epi64(_mm512_castpd_si512(x), _mm512_set1_epi64(ONE_F64 - HALF_ROOT_F64));
}
static inline vf64 vf64_log_exponent(vf64 x)
{
    __m512i k = _mm512_srli_epi64(vf64_above_half_root(x), 52);
    return _mm512_sub_pd(_mm512_castsi512_pd(_mm512_or_si512(k, _mm512_set1_epi64(0x4330000000000000))),
                         _mm512_set1_pd(0x1p52 + 1023));
}
static inline vf64 vf64_log_fraction(vf64 x)
{
    __m512i low = _mm512_and_si512(vf64_above_half_root(x), _mm512_set1_epi64(0xfffffffffffff));
    return _mm512_sub_pd(_mm512_castsi512_pd(_mm512_add_epi64(low, _mm512_set1_epi64(HALF_ROOT_F64))), _mm512_set1_pd(1.0));
}

#endif
