/* Stands in for the compiler's <immintrin.h> where XENT_EMULATE_AVX512 is set: AVX-512 intrinsics made of AVX2, FMA and F16C ones by
 * SIMDe, whose authors test them against Intel's processors. Those that SIMDe 0.7 (Debian 12) lacks are made here of two halves. */
#ifndef XENT_TESTS_EMULATION_IMMINTRIN_H
#define XENT_TESTS_EMULATION_IMMINTRIN_H

#pragma GCC system_header

#include_next <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

static inline __m512i emulated_join(__m256i low, __m256i high)
{
    simde__m512i_private joined;
    joined.m256i[0] = low;
    joined.m256i[1] = high;
    return simde__m512i_from_private(joined);
}
static inline __m256i emulated_half(__m512i a, int half) { return simde__m512i_to_private(a).m256i[half]; }

/* What the mask leaves out is not read. */
#undef _mm512_mask_loadu_epi8
#define _mm512_mask_loadu_epi8(other, mask, from) emulated_mask_loadu_epi8((other), (mask), (from))
static inline __m512i emulated_mask_loadu_epi8(__m512i other, uint64_t mask, const void *from)
{
    simde__m512i_private lanes = simde__m512i_to_private(other);
    for (int i = 0; i < 64; i++)
        if (mask >> i & 1) lanes.i8[i] = ((const int8_t *)from)[i];
    return simde__m512i_from_private(lanes);
}

#undef _mm512_stream_si512
#define _mm512_stream_si512(to, a) emulated_stream((to), (a))
static inline void emulated_stream(void *to, __m512i a)
{
    _mm256_stream_si256(to, emulated_half(a, 0));
    _mm256_stream_si256((__m256i *)to + 1, emulated_half(a, 1));
}

#undef _mm512_broadcast_i32x8
#define _mm512_broadcast_i32x8(a) emulated_join((a), (a))
#undef _mm512_extractf32x8_ps
#define _mm512_extractf32x8_ps(a, half) _mm256_castsi256_ps(emulated_half(_mm512_castps_si512(a), (half)))

#undef _mm512_cvtps_pd
#define _mm512_cvtps_pd(a) emulated_cvtps_pd(a)
static inline __m512d emulated_cvtps_pd(__m256 a)
{
    __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(a)), high = _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
    return _mm512_castsi512_pd(emulated_join(_mm256_castpd_si256(low), _mm256_castpd_si256(high)));
}

#undef _mm512_cvtpd_ps
#define _mm512_cvtpd_ps(a) emulated_cvtpd_ps(a)
static inline __m256 emulated_cvtpd_ps(__m512d a)
{
    __m512i words = _mm512_castpd_si512(a);
    __m128 low = _mm256_cvtpd_ps(_mm256_castsi256_pd(emulated_half(words, 0)));
    return _mm256_insertf128_ps(_mm256_castps128_ps256(low), _mm256_cvtpd_ps(_mm256_castsi256_pd(emulated_half(words, 1))), 1);
}

#undef _mm512_cvtepu16_epi32
#define _mm512_cvtepu16_epi32(a) emulated_cvtepu16_epi32(a)
static inline __m512i emulated_cvtepu16_epi32(__m256i a)
{
    __m128i low = _mm256_castsi256_si128(a), high = _mm256_extracti128_si256(a, 1);
    return emulated_join(_mm256_cvtepu16_epi32(low), _mm256_cvtepu16_epi32(high));
}

/* Keeps the low half of each element, whatever the high one is. */
#undef _mm512_cvtepi32_epi16
#define _mm512_cvtepi32_epi16(a) emulated_cvtepi32_epi16(a)
static inline __m256i emulated_cvtepi32_epi16(__m512i a)
{
    __m256i low_word = _mm256_set1_epi32(0xffff);
    __m256i low = _mm256_and_si256(emulated_half(a, 0), low_word), high = _mm256_and_si256(emulated_half(a, 1), low_word);
    return _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), _MM_SHUFFLE(3, 1, 2, 0));
}

#undef _mm512_cvtph_ps
#define _mm512_cvtph_ps(a) emulated_cvtph_ps(a)
static inline __m512 emulated_cvtph_ps(__m256i a)
{
    __m256 low = _mm256_cvtph_ps(_mm256_castsi256_si128(a)), high = _mm256_cvtph_ps(_mm256_extracti128_si256(a, 1));
    return _mm512_castsi512_ps(emulated_join(_mm256_castps_si256(low), _mm256_castps_si256(high)));
}

#undef _mm512_cvtps_ph
#define _mm512_cvtps_ph(a, rounding)                                                                                           \
    _mm256_set_m128i(_mm256_cvtps_ph(_mm512_extractf32x8_ps((a), 1), (rounding)),                                              \
                     _mm256_cvtps_ph(_mm512_castps512_ps256(a), (rounding)))

#endif
