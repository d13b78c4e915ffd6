/* Vectors of f64 on AVX2 and FMA. May assume that its variant is compiled for these instructions. A function means what the one of
 * the same name means in scalar.h. */
#ifndef XENT_KERNELS_AVX2_F64_H
#define XENT_KERNELS_AVX2_F64_H

#include <immintrin.h>
#include <stdint.h>

#include "bits.h"
#include "constants.h"

#define VF64_WIDTH 4
#define VF64_SWEEP 2
#define VF64_STAGED 1
#define VF64_SUMS 4

typedef __m256d vf64;

/* Word n & 7 of a table in each lane. The table is forced into a register: compilers would fold its load into the instruction,
   which then takes twice as long on some CPUs. */
static inline __m256i look_up_words(__m256i table, __m256i n)
{
    __m256i words;
    __asm__("vpermd %2, %1, %0" : "=x"(words) : "x"(n), "x"(table));
    return words;
}

static inline vf64 vf64_load(const double *p) { return _mm256_loadu_pd(p); }
static inline void vf64_store(double *p, vf64 a) { _mm256_storeu_pd(p, a); }
static inline vf64 vf64_load_f32(const float *p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
static inline vf64 vf64_load_bf16(const uint16_t *p)
{
    __m128i u = _mm_cvtepu16_epi32(_mm_loadl_epi64((const __m128i *)p));
    return _mm256_cvtps_pd(_mm_castsi128_ps(_mm_slli_epi32(u, 16)));
}
static inline vf64 vf64_load_f16(const uint16_t *p)
{
    return _mm256_cvtps_pd(_mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)p)));
}
static inline vf64 vf64_set(double x) { return _mm256_set1_pd(x); }
static inline vf64 vf64_max(vf64 a, vf64 b) { return _mm256_max_pd(a, b); }
static inline vf64 vf64_add(vf64 a, vf64 b) { return _mm256_add_pd(a, b); }
static inline vf64 vf64_sub(vf64 a, vf64 b) { return _mm256_sub_pd(a, b); }
static inline vf64 vf64_mul(vf64 a, vf64 b) { return _mm256_mul_pd(a, b); }
static inline vf64 vf64_sub_apart(vf64 a, vf64 b) { return _mm256_fmsub_pd(a, _mm256_set1_pd(1.0), b); }
static inline vf64 vf64_add_apart(vf64 a, vf64 b) { return _mm256_fmadd_pd(a, _mm256_set1_pd(1.0), b); }
static inline vf64 vf64_add_product(vf64 a, vf64 b, vf64 c) { return _mm256_fmadd_pd(b, c, a); }
static inline vf64 vf64_div(vf64 a, vf64 b) { return _mm256_div_pd(a, b); }
static inline vf64 vf64_abs(vf64 a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
static inline vf64 vf64_with_sign(vf64 a, vf64 b) { return _mm256_or_pd(a, _mm256_and_pd(b, _mm256_set1_pd(-0.0))); }
static inline vf64 vf64_where_less(vf64 a, vf64 b, vf64 yes, vf64 no)
{
    return _mm256_blendv_pd(no, yes, _mm256_cmp_pd(a, b, _CMP_LT_OQ));
}
static inline vf64 vf64_where_equal(vf64 a, vf64 b, vf64 yes, vf64 no)
{
    return _mm256_blendv_pd(no, yes, _mm256_cmp_pd(a, b, _CMP_EQ_OQ));
}
static inline vf64 vf64_count_less(vf64 sum, vf64 a, vf64 b)
{
    return _mm256_blendv_pd(sum, _mm256_add_pd(sum, _mm256_set1_pd(1.0)), _mm256_cmp_pd(a, b, _CMP_LT_OQ));
}
static inline vf64 vf64_unless_zero(vf64 a, vf64 b)
{
    return _mm256_and_pd(_mm256_cmp_pd(a, _mm256_setzero_pd(), _CMP_NEQ_UQ), b);
}
static inline vf64 vf64_fma(vf64 a, vf64 b, vf64 c) { return _mm256_fmadd_pd(a, b, c); }
static inline unsigned vf64_equal(vf64 a, vf64 b) { return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_EQ_OQ)); }
static inline unsigned vf64_less(vf64 a, vf64 b) { return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_LT_OQ)); }
static inline unsigned vf64_above(vf64 a, vf64 b) { return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_NLE_UQ)); }
static inline vf64 vf64_canonical(vf64 a)
{
    return _mm256_blendv_pd(a, _mm256_set1_pd(__builtin_nan("")), _mm256_cmp_pd(a, a, _CMP_UNORD_Q));
}
static inline double vf64_max_lane(vf64 a)
{
    __m128d m = _mm_max_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_max_sd(m, _mm_unpackhi_pd(m, m)));
}
static inline double vf64_sum_lanes(vf64 a)
{
    __m128d half = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}
static inline double vf64_first(vf64 a) { return _mm256_cvtsd_f64(a); }
static inline void vf64_transpose(vf64 *rows)
{
    __m256d a = _mm256_unpacklo_pd(rows[0], rows[1]), b = _mm256_unpackhi_pd(rows[0], rows[1]);
    __m256d c = _mm256_unpacklo_pd(rows[2], rows[3]), d = _mm256_unpackhi_pd(rows[2], rows[3]);
    rows[0] = _mm256_permute2f128_pd(a, c, 0x20);
    rows[1] = _mm256_permute2f128_pd(b, d, 0x20);
    rows[2] = _mm256_permute2f128_pd(a, c, 0x31);
    rows[3] = _mm256_permute2f128_pd(b, d, 0x31);
}
/* Entry t & 7 of a table of 8 doubles in each lane: the low and the high words of the table stand in a register each. */
static inline __m256i vf64_look_up(const void *table, vf64 t)
{
    __m256i n = _mm256_castpd_si256(t), both = _mm256_shuffle_epi32(n, _MM_SHUFFLE(2, 2, 0, 0));
    __m256i lower_half = _mm256_loadu_si256((const __m256i *)table),
            upper_half = _mm256_loadu_si256((const __m256i *)table + 1);
    __m256i low = _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(lower_half), _mm256_castsi256_ps(upper_half), _MM_SHUFFLE(2, 0, 2, 0)));
    __m256i high = _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(lower_half), _mm256_castsi256_ps(upper_half), _MM_SHUFFLE(3, 1, 3, 1)));
    low = _mm256_permute4x64_epi64(low, _MM_SHUFFLE(3, 1, 2, 0));
    high = _mm256_permute4x64_epi64(high, _MM_SHUFFLE(3, 1, 2, 0));
    return _mm256_blend_epi32(look_up_words(low, both), look_up_words(high, both), 0xaa);
}
static inline vf64 vf64_exp_scale(vf64 t)
{
    __m256i shifted = _mm256_slli_epi64(_mm256_castpd_si256(t), 49);
    return _mm256_castsi256_pd(_mm256_add_epi64(vf64_look_up(exp_f64_scale, t), shifted));
}
static inline vf64 vf64_exp_correction(vf64 t) { return _mm256_castsi256_pd(vf64_look_up(exp_f64_correction, t)); }
/* The bits of x above those of the square root of 1/2. */
static inline __m256i vf64_above_half_root(vf64 x)
{
    return _mm256_add_epi64(_mm256_castpd_si256(x), _mm256_set1_epi64x(ONE_F64 - HALF_ROOT_F64));
}
static inline vf64 vf64_log_exponent(vf64 x)
{
    __m256i k = _mm256_srli_epi64(vf64_above_half_root(x), 52);
    return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(k, _mm256_set1_epi64x(0x4330000000000000))),
                         _mm256_set1_pd(0x1p52 + 1023));
}
static inline vf64 vf64_log_fraction(vf64 x)
{
    __m256i low = _mm256_and_si256(vf64_above_half_root(x), _mm256_set1_epi64x(0xfffffffffffff));
    return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_add_epi64(low, _mm256_set1_epi64x(HALF_ROOT_F64))), _mm256_set1_pd(1.0));
}

#endif
