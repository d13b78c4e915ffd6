/* Vectors of 512 bits on AVX-512 (F, DQ, BW, VL): memory, and lanes of f32; avx512_f64.h has those of f64. May assume that its
 * variant is compiled for these instructions. A function means what the one of the same name means in scalar.h. */
#ifndef XENT_KERNELS_AVX512_H
#define XENT_KERNELS_AVX512_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "avx512_f64.h"
#include "bits.h"
#include "constants.h"
#include "kernels.h"

#define VF32_WIDTH 16
#define VF32_HALVES 2
#define VF32_SWEEP 4
#define VF32_STAGED 4
#define VF32_PAIRED_BF16 1

typedef __m512 vf32;

static inline __attribute__((always_inline)) void prefetch(const void *address)
{
    _mm_prefetch((const char *)address, _MM_HINT_T0);
}

static inline void stream_line(void *to, const void *from) { _mm512_stream_si512(to, _mm512_loadu_si512(from)); }
static inline void stream_end(void) { _mm_sfence(); }

/* As in plain_memory.h. What a mask leaves out is not read. */
static inline void copy_padded(void *to, const void *from, size_t bytes, size_t size, const void *padding)
{
    const __m512i line = _mm512_loadu_si512(padding);
    for (size_t i = 0; i < size; i += XENT_LINE) {
        size_t left = i < bytes ? bytes - i : 0;
        __mmask64 there = left < XENT_LINE ? ((__mmask64)1 << left) - 1 : ~(__mmask64)0;
        _mm512_storeu_si512((char *)to + i, _mm512_mask_loadu_epi8(line, there, (const char *)from + i));
    }
}

static inline vf32 vf32_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vf32_store(float *p, vf32 a) { _mm512_storeu_ps(p, a); }
static inline vf32 vf32_set(float x) { return _mm512_set1_ps(x); }
static inline __m256i vf32_load_words(const uint16_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline void vf32_store_words(uint16_t *p, __m256i words) { _mm256_storeu_si256((__m256i *)p, words); }
static inline vf32 vf32_load_bf16(const uint16_t *p)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(vf32_load_words(p)), 16));
}
static inline void vf32_load_pair_bf16(const uint16_t *p, vf32 *pair)
{
    __m512i words = _mm512_loadu_si512(p);
    pair[0] = _mm512_castsi512_ps(_mm512_slli_epi32(words, 16));
    pair[1] = _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32((int)0xffff0000)));
}
static inline void vf32_interleave(vf32 *pair)
{
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    vf32 even = pair[0];
    pair[0] = _mm512_permutex2var_ps(even, low, pair[1]);
    pair[1] = _mm512_permutex2var_ps(even, high, pair[1]);
}
/* Rounded to bf16, in the upper half of each lane. To nearest even: where the last bit that stays is odd, a half is rounded up. */
static inline __m512i vf32_round_bf16(vf32 a)
{
    __m512i u = _mm512_castps_si512(a), sum = _mm512_add_epi32(u, _mm512_set1_epi32(0x7fff));
    __mmask16 odd = _mm512_test_epi32_mask(u, _mm512_set1_epi32(0x10000));
    return _mm512_mask_add_epi32(sum, odd, sum, _mm512_set1_epi32(1));
}
static inline __m512i vf32_bf16(vf32 a) { return _mm512_srli_epi32(vf32_round_bf16(a), 16); }
static inline void vf32_store_number_bf16(uint16_t *p, vf32 a) { vf32_store_words(p, _mm512_cvtepi32_epi16(vf32_bf16(a))); }
static inline void vf32_store_numbers_bf16(uint16_t *p, const vf32 *pair)
{
    static const uint16_t upper[] = { 1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                      33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63 };
    __m512i first = vf32_round_bf16(pair[0]), second = vf32_round_bf16(pair[1]);
    _mm512_storeu_si512(p, _mm512_permutex2var_epi16(first, _mm512_loadu_si512(upper), second));
}
static inline void vf32_store_bf16(uint16_t *p, vf32 a)
{
    __mmask16 nan = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
    vf32_store_words(p, _mm512_cvtepi32_epi16(_mm512_mask_blend_epi32(nan, vf32_bf16(a), _mm512_set1_epi32(0x7fc0))));
}
static inline vf32 vf32_load_f16(const uint16_t *p) { return _mm512_cvtph_ps(vf32_load_words(p)); }
/* Without optimisation gcc's intrinsic is a macro, which converts a sign. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
static inline void vf32_store_number_f16(uint16_t *p, vf32 a)
{
    vf32_store_words(p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}
#pragma GCC diagnostic pop
static inline void vf32_store_f16(uint16_t *p, vf32 a)
{
    __mmask16 nan = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
    vf32_store_number_f16(p, _mm512_mask_blend_ps(nan, a, _mm512_set1_ps(__builtin_nanf(""))));
}
static inline vf32 vf32_canonical(vf32 a)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a, _mm512_set1_ps(__builtin_nanf("")));
}
static inline void vf32_store_number_pair_bf16(uint16_t *p, const vf32 *pair)
{
    __m512i even = vf32_bf16(pair[0]), odd = vf32_round_bf16(pair[1]);
    _mm512_storeu_si512(p, _mm512_mask_blend_epi16(0xaaaaaaaa, even, odd));
}
static inline vf32 vf32_max(vf32 a, vf32 b) { return _mm512_max_ps(a, b); }
static inline vf32 vf32_add(vf32 a, vf32 b) { return _mm512_add_ps(a, b); }
static inline vf32 vf32_sub(vf32 a, vf32 b) { return _mm512_sub_ps(a, b); }
static inline vf32 vf32_mul(vf32 a, vf32 b) { return _mm512_mul_ps(a, b); }
static inline vf32 vf32_div(vf32 a, vf32 b) { return _mm512_div_ps(a, b); }
static inline vf32 vf32_abs(vf32 a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
/* a or (b and the sign's bit) */
static inline vf32 vf32_with_sign(vf32 a, vf32 b)
{
    __m512i sign = _mm512_castps_si512(_mm512_set1_ps(-0.0f));
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b), sign, 0xf8));
}
static inline vf32 vf32_where_less(vf32 a, vf32 b, vf32 yes, vf32 no)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
}
static inline vf32 vf32_where_equal(vf32 a, vf32 b, vf32 yes, vf32 no)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ), no, yes);
}
static inline vf32 vf32_count_less(vf32 sum, vf32 a, vf32 b)
{
    return _mm512_mask_add_ps(sum, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), sum, _mm512_set1_ps(1.0f));
}
static inline unsigned vf32_equal(vf32 a, vf32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
static inline unsigned vf32_less(vf32 a, vf32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
static inline unsigned vf32_above(vf32 a, vf32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_NLE_UQ); }
/* By way of memory, as with AVX2: no shuffle. */
static inline void vf32_widen_all(vf32 a, vf64 *halves)
{
    float memory[VF32_WIDTH] __attribute__((aligned(64)));
    _mm512_store_ps(memory, a);
    __asm__("" : "+m"(memory));
    halves[0] = _mm512_cvtps_pd(_mm256_load_ps(memory));
    halves[1] = _mm512_cvtps_pd(_mm256_load_ps(memory + VF64_WIDTH));
}
static inline vf64 vf32_widen(vf32 a, int half)
{
    return _mm512_cvtps_pd(half ? _mm512_extractf32x8_ps(a, 1) : _mm512_castps512_ps256(a));
}
static inline vf32 vf32_narrow(const vf64 *halves)
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(halves[0])), _mm512_cvtpd_ps(halves[1]), 1);
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
/* The bits of x above those of the square root of 1/2. */
static inline __m512i vf32_above_half_root(vf32 x)
{
    return _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(ONE_F32 - HALF_ROOT_F32));
}
static inline vf32 vf32_log_exponent(vf32 x)
{
    __m512i k = _mm512_srli_epi32(vf32_above_half_root(x), 23);
    return _mm512_sub_ps(_mm512_castsi512_ps(_mm512_or_si512(k, _mm512_set1_epi32(0x4b000000))), _mm512_set1_ps(0x1p23f + 127));
}
static inline vf32 vf32_log_fraction(vf32 x)
{
    __m512i low = _mm512_and_si512(vf32_above_half_root(x), _mm512_set1_epi32(0x7fffff));
    return _mm512_sub_ps(_mm512_castsi512_ps(_mm512_add_epi32(low, _mm512_set1_epi32(HALF_ROOT_F32))), _mm512_set1_ps(1.0f));
}

/* The even or the odd 128 bits of two vectors. */
static inline vf32 vf32_even_quarters(vf32 a, vf32 b)
{
    return _mm512_permutex2var_ps(a, _mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27), b);
}
static inline vf32 vf32_odd_quarters(vf32 a, vf32 b)
{
    return _mm512_permutex2var_ps(a, _mm512_setr_epi32(4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31), b);
}
/* Pairs and fours of floats change places within 128 bits, then the 128 bits. */
static inline void vf32_transpose(vf32 *rows)
{
    __m512 pairs[16], fours[16], eights[16];
    for (int i = 0; i < 16; i += 2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int k = 0; k < 2; k++) {
            fours[i + 2 * k] = _mm512_shuffle_ps(pairs[i + k], pairs[i + k + 2], _MM_SHUFFLE(1, 0, 1, 0));
            fours[i + 2 * k + 1] = _mm512_shuffle_ps(pairs[i + k], pairs[i + k + 2], _MM_SHUFFLE(3, 2, 3, 2));
        }
    for (int i = 0; i < 16; i += 8)
        for (int k = 0; k < 4; k++) {
            eights[i + k] = vf32_even_quarters(fours[i + k], fours[i + k + 4]);
            eights[i + k + 4] = vf32_odd_quarters(fours[i + k], fours[i + k + 4]);
        }
    for (int k = 0; k < 8; k++) {
        rows[k] = vf32_even_quarters(eights[k], eights[k + 8]);
        rows[k + 8] = vf32_odd_quarters(eights[k], eights[k + 8]);
    }
}

#endif
