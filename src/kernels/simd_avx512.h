/* Vector primitives on AVX-512 (F, DQ, BW, VL). Their meaning is the line of the same name in simd_scalar.h. */
#ifndef XENT_KERNELS_SIMD_AVX512_H
#define XENT_KERNELS_SIMD_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#include "constants.h"

#define VF32_WIDTH 16
#define VF64_WIDTH 8
#define VF32_HALVES 2
#define VF32_SWEEP 4
#define VF64_SWEEP 2
#define VECTOR_PREFETCH(address) _mm_prefetch((const char *)(address), _MM_HINT_T0)

typedef __m512 vf32;
typedef __m512d vf64;

static inline vf32 vf32_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vf32_store(float *p, vf32 a) { _mm512_storeu_ps(p, a); }
static inline vf32 vf32_set(float x) { return _mm512_set1_ps(x); }
static inline __m256i vf32_load_words(const uint16_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline void vf32_store_words(uint16_t *p, __m256i words) { _mm256_storeu_si256((__m256i *)p, words); }
static inline vf32 vf32_load_bf16(const uint16_t *p)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(vf32_load_words(p)), 16));
}
static inline void vf32_store_bf16(uint16_t *p, vf32 a)
{
    __m512i u = _mm512_castps_si512(a), odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
    __mmask16 nan = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
    vf32_store_words(p, _mm512_cvtepi32_epi16(_mm512_mask_blend_epi32(nan, rounded, _mm512_set1_epi32(0x7fc0))));
}
static inline vf32 vf32_load_f16(const uint16_t *p) { return _mm512_cvtph_ps(vf32_load_words(p)); }
static inline void vf32_store_f16(uint16_t *p, vf32 a)
{
    __mmask16 nan = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
    __m512 canonical = _mm512_mask_blend_ps(nan, a, _mm512_set1_ps(__builtin_nanf("")));
    vf32_store_words(p, _mm512_cvtps_ph(canonical, _MM_FROUND_TO_NEAREST_INT));
}
static inline vf32 vf32_max(vf32 a, vf32 b) { return _mm512_max_ps(a, b); }
static inline vf32 vf32_add(vf32 a, vf32 b) { return _mm512_add_ps(a, b); }
static inline vf32 vf32_sub(vf32 a, vf32 b) { return _mm512_sub_ps(a, b); }
static inline vf32 vf32_mul(vf32 a, vf32 b) { return _mm512_mul_ps(a, b); }
static inline vf32 vf32_div(vf32 a, vf32 b) { return _mm512_div_ps(a, b); }
static inline vf32 vf32_abs(vf32 a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
static inline vf32 vf32_with_sign(vf32 a, vf32 b) { return _mm512_or_ps(a, _mm512_and_ps(b, _mm512_set1_ps(-0.0f))); }
static inline vf32 vf32_where_less(vf32 a, vf32 b, vf32 yes, vf32 no)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
}
static inline unsigned vf32_equal(vf32 a, vf32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
static inline vf64 vf32_widen(vf32 a, int half)
{
    return _mm512_cvtps_pd(half ? _mm512_extractf32x8_ps(a, 1) : _mm512_castps512_ps256(a));
}
static inline float vf32_max_lane(vf32 a)
{
    __m256 half = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}
static inline vf32 vf32_fma(vf32 a, vf32 b, vf32 c) { return _mm512_fmadd_ps(a, b, c); }
/* Entry t & 7 of a table of 8 floats in each lane: t & 15 of the table twice. */
static inline __m512i vf32_look_up(const void *table, vf32 t)
{
    __m512i twice = _mm512_broadcast_i32x8(_mm256_loadu_si256((const __m256i *)table));
    return _mm512_permutexvar_epi32(_mm512_castps_si512(t), twice);
}
static inline vf32 vf32_exp_scale(vf32 t)
{
    __m512i shifted = _mm512_slli_epi32(_mm512_castps_si512(t), 20);
    return _mm512_castsi512_ps(_mm512_add_epi32(vf32_look_up(exp_f32_scale, t), shifted));
}
static inline vf32 vf32_exp_correction(vf32 t) { return _mm512_castsi512_ps(vf32_look_up(exp_f32_correction, t)); }

static inline vf64 vf64_load(const double *p) { return _mm512_loadu_pd(p); }
static inline void vf64_store(double *p, vf64 a) { _mm512_storeu_pd(p, a); }
static inline vf64 vf64_set(double x) { return _mm512_set1_pd(x); }
static inline vf64 vf64_max(vf64 a, vf64 b) { return _mm512_max_pd(a, b); }
static inline vf64 vf64_add(vf64 a, vf64 b) { return _mm512_add_pd(a, b); }
static inline vf64 vf64_sub(vf64 a, vf64 b) { return _mm512_sub_pd(a, b); }
static inline vf64 vf64_mul(vf64 a, vf64 b) { return _mm512_mul_pd(a, b); }
static inline vf64 vf64_div(vf64 a, vf64 b) { return _mm512_div_pd(a, b); }
static inline vf64 vf64_abs(vf64 a) { return _mm512_andnot_pd(_mm512_set1_pd(-0.0), a); }
static inline vf64 vf64_with_sign(vf64 a, vf64 b) { return _mm512_or_pd(a, _mm512_and_pd(b, _mm512_set1_pd(-0.0))); }
static inline vf64 vf64_where_less(vf64 a, vf64 b, vf64 yes, vf64 no)
{
    return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), no, yes);
}
static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) { return _mm512_fmadd_pd(a, b, c); }
static inline unsigned vf64_equal(vf64 a, vf64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
static inline double vf64_max_lane(vf64 a)
{
    __m256d half = _mm256_max_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
    __m128d m = _mm_max_pd(_mm256_castpd256_pd128(half), _mm256_extractf128_pd(half, 1));
    return _mm_cvtsd_f64(_mm_max_sd(m, _mm_unpackhi_pd(m, m)));
}
static inline double vf64_first(vf64 a) { return _mm_cvtsd_f64(_mm512_castpd512_pd128(a)); }
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

#endif
