#ifndef XENT_BENCH_ELEMENT_H
#define XENT_BENCH_ELEMENT_H

#include <stdint.h>
#include <string.h>

/* Elements of 16 bits as a C programmer converts them, branch-free so that compilers vectorise the loops. Finite values. */

static inline float bench_float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t bench_bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float bench_bf16_load(uint16_t h) { return bench_float_of((uint32_t)h << 16); }

static inline uint16_t bench_bf16_store(float x)
{
    const uint32_t u = bench_bits_of(x);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

/* The exponent is 112 too small where it lies in a float; the product puts it right, subnormals included. */
static inline float bench_f16_load(uint16_t h)
{
    return bench_float_of((uint32_t)(h & 0x8000) << 16 |
                          bench_bits_of(bench_float_of((uint32_t)(h & 0x7fff) << 13) * 0x1p112f));
}

/* For |x| < 65520. A float whose last place is that of the result rounds the sum to nearest even: subnormals, 2^-24. */
static inline uint16_t bench_f16_store(float x)
{
    const uint32_t u = bench_bits_of(x), sign = u >> 16 & 0x8000, a = u & 0x7fffffff;
    const uint32_t normal = (a + 0xfff + (a >> 13 & 1) - (UINT32_C(112) << 23)) >> 13;
    const uint32_t small = bench_bits_of(bench_float_of(a) + 0.5f) - bench_bits_of(0.5f);
    return (uint16_t)(sign | (a < UINT32_C(113) << 23 ? small : normal));
}

#endif
