/* Vectors of 256 bits on AVX2, FMA and F16C: memory, and lanes of f32; avx2_f64.h has those of f64. May assume that its variant is
 * compiled for these instructions. A function means what the one of the same name means in scalar.h. */
#ifndef XENT_KERNELS_AVX2_H
#define XENT_KERNELS_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "avx2_f64.h"
#include "bits.h"
#include "constants.h"
#include "kernels.h"

#define VF32_WIDTH 8
#define VF32_HALVES 2
#define VF32_SWEEP 2
#define VF32_STAGED 1
#define VF32_PAIRED_BF16 1

typedef __m256 vf32;

static inline __attribute__((always_inline)) void prefetch(const void *address)
{
    _mm_prefetch((const char *)address, _MM_HINT_T0);
}

static inline void stream_line(void *to, const void *from)
{
    _mm256_stream_si256(to, _mm256_loadu_si256(from));
    _mm256_stream_si256((__m256i *)to + 1, _mm256_loadu_si256((const __m256i *)from + 1));
}
static inline void stream_end(void) { _mm_sfence(); }

/* As in plain_memory.h. What a mask leaves out is not read. A mask is of words of 4 bytes, so two bytes may be left over. */
static inline void copy_padded(void *to, const void *from, size_t bytes, size_t size, const void *padding)
{
    static const int32_t masks[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };
    for (size_t i = 0; i < size; i += sizeof(__m256)) {
        size_t words = i >= bytes ? 0 : bytes - i >= sizeof(__m256) ? 8 : (bytes - i) / sizeof(int32_t);
        __m256i mask = _mm256_loadu_si256((const __m256i *)(masks + 8 - words));
        __m256 there = _mm256_maskload_ps((const float *)((const char *)from + i), mask);
        __m256 pad = _mm256_loadu_ps((const float *)((const char *)padding + i % XENT_LINE));
        _mm256_storeu_ps((float *)((char *)to + i), _mm256_blendv_ps(pad, there, _mm256_castsi256_ps(mask)));
    }
    if (bytes % sizeof(int32_t) != 0) memcpy((char *)to + bytes - 2, (const char *)from + bytes - 2, 2);
}

static inline vf32 vf32_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vf32_store(float *p, vf32 a) { _mm256_storeu_ps(p, a); }
static inline vf32 vf32_set(float x) { return _mm256_set1_ps(x); }
static inline __m256i vf32_load_words(const uint16_t *p) { return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)); }
static inline vf32 vf32_load_bf16(const uint16_t *p) { return _mm256_castsi256_ps(_mm256_slli_epi32(vf32_load_words(p), 16)); }
static inline void vf32_load_pair_bf16(const uint16_t *p, vf32 *pair)
{
    __m256i words = _mm256_loadu_si256((const __m256i *)p);
    pair[0] = _mm256_castsi256_ps(_mm256_slli_epi32(words, 16));
    pair[1] = _mm256_castsi256_ps(_mm256_and_si256(words, _mm256_set1_epi32((int)0xffff0000)));
}
static inline void vf32_interleave(vf32 *pair)
{
    vf32 low = _mm256_unpacklo_ps(pair[0], pair[1]), high = _mm256_unpackhi_ps(pair[0], pair[1]);
    pair[0] = _mm256_permute2f128_ps(low, high, 0x20);
    pair[1] = _mm256_permute2f128_ps(low, high, 0x31);
}
/* Rounded to bf16, in the upper half of each lane. */
static inline __m256i vf32_round_bf16(vf32 a)
{
    __m256i u = _mm256_castps_si256(a), odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    return _mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
}
static inline __m256i vf32_bf16(vf32 a) { return _mm256_srli_epi32(vf32_round_bf16(a), 16); }
static inline void vf32_store_low_words(uint16_t *p, __m256i a)
{
    _mm_storeu_si128((__m128i *)p, _mm_packus_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1)));
}
static inline void vf32_store_number_bf16(uint16_t *p, vf32 a) { vf32_store_low_words(p, vf32_bf16(a)); }
static inline void vf32_store_numbers_bf16(uint16_t *p, const vf32 *pair)
{
    __m256i quarters = _mm256_packus_epi32(vf32_bf16(pair[0]), vf32_bf16(pair[1]));
    _mm256_storeu_si256((__m256i *)p, _mm256_permute4x64_epi64(quarters, _MM_SHUFFLE(3, 1, 2, 0)));
}
static inline void vf32_store_bf16(uint16_t *p, vf32 a)
{
    __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(a, a, _CMP_UNORD_Q));
    vf32_store_low_words(p, _mm256_blendv_epi8(vf32_bf16(a), _mm256_set1_epi32(0x7fc0), nan));
}
static inline vf32 vf32_load_f16(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
static inline void vf32_store_number_f16(uint16_t *p, vf32 a)
{
    _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}
static inline void vf32_store_f16(uint16_t *p, vf32 a)
{
    vf32_store_number_f16(p, _mm256_blendv_ps(a, _mm256_set1_ps(__builtin_nanf("")), _mm256_cmp_ps(a, a, _CMP_UNORD_Q)));
}
static inline vf32 vf32_canonical(vf32 a)
{
    return _mm256_blendv_ps(a, _mm256_set1_ps(__builtin_nanf("")), _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}
static inline void vf32_store_number_pair_bf16(uint16_t *p, const vf32 *pair)
{
    __m256i even = vf32_bf16(pair[0]), odd = vf32_round_bf16(pair[1]);
    _mm256_storeu_si256((__m256i *)p, _mm256_blend_epi16(even, odd, 0xaa));
}
static inline vf32 vf32_max(vf32 a, vf32 b) { return _mm256_max_ps(a, b); }
static inline vf32 vf32_add(vf32 a, vf32 b) { return _mm256_add_ps(a, b); }
static inline vf32 vf32_sub(vf32 a, vf32 b) { return _mm256_sub_ps(a, b); }
static inline vf32 vf32_mul(vf32 a, vf32 b) { return _mm256_mul_ps(a, b); }
static inline vf32 vf32_div(vf32 a, vf32 b) { return _mm256_div_ps(a, b); }
static inline vf32 vf32_abs(vf32 a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
static inline vf32 vf32_with_sign(vf32 a, vf32 b) { return _mm256_or_ps(a, _mm256_and_ps(b, _mm256_set1_ps(-0.0f))); }
static inline vf32 vf32_where_less(vf32 a, vf32 b, vf32 yes, vf32 no)
{
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
static inline vf32 vf32_where_equal(vf32 a, vf32 b, vf32 yes, vf32 no)
{
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_EQ_OQ));
}
static inline vf32 vf32_count_less(vf32 sum, vf32 a, vf32 b)
{
    return _mm256_blendv_ps(sum, _mm256_add_ps(sum, _mm256_set1_ps(1.0f)), _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
static inline unsigned vf32_equal(vf32 a, vf32 b) { return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)); }
static inline unsigned vf32_less(vf32 a, vf32 b) { return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_LT_OQ)); }
static inline unsigned vf32_above(vf32 a, vf32 b) { return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_NLE_UQ)); }
/* A store that the compiler does not see through. MemorySanitizer must, or it takes what was stored for uninitialised. */
#if defined __has_feature
#if __has_feature(memory_sanitizer)
#define VF32_OPAQUE_STORE(memory, a) _mm256_store_ps(memory, a)
#endif
#endif
#ifndef VF32_OPAQUE_STORE
#define VF32_OPAQUE_STORE(memory, a) __asm__("vmovaps %1, %0" : "=m"(memory) : "x"(a))
#endif

/* By way of memory: from there the conversion needs no lane-crossing shuffle, of which a CPU does one a cycle at most. */
static inline void vf32_widen_all(vf32 a, vf64 *halves)
{
    float memory[VF32_WIDTH] __attribute__((aligned(32)));
    VF32_OPAQUE_STORE(memory, a);
    halves[0] = _mm256_cvtps_pd(_mm_load_ps(memory));
    halves[1] = _mm256_cvtps_pd(_mm_load_ps(memory + VF64_WIDTH));
}
static inline vf64 vf32_widen(vf32 a, int half)
{
    return _mm256_cvtps_pd(half ? _mm256_extractf128_ps(a, 1) : _mm256_castps256_ps128(a));
}
static inline vf32 vf32_narrow(const vf64 *halves)
{
    return _mm256_set_m128(_mm256_cvtpd_ps(halves[1]), _mm256_cvtpd_ps(halves[0]));
}
static inline float vf32_max_lane(vf32 a)
{
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}
static inline vf32 vf32_fma(vf32 a, vf32 b, vf32 c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf32 vf32_exp_scale(vf32 t)
{
    __m256i n = _mm256_castps_si256(t), table = _mm256_loadu_si256((const __m256i *)exp_f32_scale);
    return _mm256_castsi256_ps(_mm256_add_epi32(look_up_words(table, n), _mm256_slli_epi32(n, 20)));
}
static inline vf32 vf32_exp_correction(vf32 t)
{
    __m256i table = _mm256_loadu_si256((const __m256i *)exp_f32_correction);
    return _mm256_castsi256_ps(look_up_words(table, _mm256_castps_si256(t)));
}
/* The bits of x above those of the square root of 1/2. */
static inline __m256i vf32_above_half_root(vf32 x)
{
    return _mm256_add_epi32(_mm256_castps_si256(x), _mm256_set1_epi32(ONE_F32 - HALF_ROOT_F32));
}
static inline vf32 vf32_log_exponent(vf32 x)
{
    __m256i k = _mm256_srli_epi32(vf32_above_half_root(x), 23);
    return _mm256_sub_ps(_mm256_castsi256_ps(_mm256_or_si256(k, _mm256_set1_epi32(0x4b000000))), _mm256_set1_ps(0x1p23f + 127));
}
static inline vf32 vf32_log_fraction(vf32 x)
{
    __m256i low = _mm256_and_si256(vf32_above_half_root(x), _mm256_set1_epi32(0x7fffff));
    return _mm256_sub_ps(_mm256_castsi256_ps(_mm256_add_epi32(low, _mm256_set1_epi32(HALF_ROOT_F32))), _mm256_set1_ps(1.0f));
}

static inline void vf32_transpose(vf32 *rows)
{
    __m256 pairs[8], fours[8];
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            fours[i + 2 * k] = _mm256_shuffle_ps(pairs[i + k], pairs[i + k + 2], _MM_SHUFFLE(1, 0, 1, 0));
            fours[i + 2 * k + 1] = _mm256_shuffle_ps(pairs[i + k], pairs[i + k + 2], _MM_SHUFFLE(3, 2, 3, 2));
        }
    for (int i = 0; i < 4; i++) {
        rows[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
        rows[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
    }
}

#endif
