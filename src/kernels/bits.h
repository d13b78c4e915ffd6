/* Floating-point numbers as bits, and the elements of 16 bits. What these functions say is what the conversions of every
 * backend mean. */
#ifndef XENT_KERNELS_BITS_H
#define XENT_KERNELS_BITS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t bits_of_f32(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float f32_of_bits(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static inline uint64_t bits_of_f64(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline double f64_of_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* The bits of 1 and of the square root of 1/2. */
#define ONE_F32 UINT32_C(0x3f800000)
#define HALF_ROOT_F32 UINT32_C(0x3f3504f3)
#define ONE_F64 UINT64_C(0x3ff0000000000000)
#define HALF_ROOT_F64 UINT64_C(0x3fe6a09e667f3bcd)

/* Stored bits of the significand, and the exponent's bias; F16 is IEEE binary16, BF16 the upper half of a binary32. */
#define F16_FRACTION 10
#define F16_BIAS 15
#define BF16_FRACTION 7
#define BF16_BIAS 127

#define F16_MINUS_INFINITY ((uint16_t)0xfc00)
#define BF16_MINUS_INFINITY ((uint16_t)0xff80)

static inline float f32_of_bf16(uint16_t h) { return f32_of_bits((uint32_t)h << 16); }

/* The fraction in an f32's place is the number times 2^-112, subnormal ones included, but for infinity and NaN. */
static inline float f32_of_f16(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = (uint32_t)(h & 0x7fff) << 13;
    uint32_t finite = bits_of_f32(f32_of_bits(magnitude) * 0x1p112f);
    return f32_of_bits(sign | (magnitude >= 0x0f800000 ? magnitude | 0x7f800000 : finite));
}

/* Rounded once, to nearest even; a NaN becomes the canonical one. Adding 2^52 of the smallest subnormals leaves their number in
   the low bits; a normal number is rounded as an integer, and a carry goes into the exponent as it should. */
static inline uint16_t half_of_f64(double x, int fraction, int bias)
{
    const uint64_t infinity = (2 * (uint64_t)bias + 1) << fraction;
    const int dropped = 52 - fraction;
    double magnitude = f64_of_bits(bits_of_f64(x) & ~(UINT64_C(1) << 63));
    double least_normal = f64_of_bits((uint64_t)(1024 - bias) << 52),
           magic = f64_of_bits((uint64_t)(1024 - bias + dropped) << 52);
    uint64_t sign = bits_of_f64(x) >> 48 & 0x8000, u = bits_of_f64(magnitude);
    if (x != x) return (uint16_t)(infinity | UINT64_C(1) << (fraction - 1));
    if (magnitude < least_normal) return (uint16_t)(sign | (bits_of_f64(magnitude + magic) - bits_of_f64(magic)));
    u += (UINT64_C(1) << (dropped - 1)) - 1 + (u >> dropped & 1);
    u = (u >> dropped) - ((uint64_t)(1023 - bias) << fraction);
    return (uint16_t)(sign | (u < infinity ? u : infinity));
}

static inline uint16_t f16_of_f64(double x) { return half_of_f64(x, F16_FRACTION, F16_BIAS); }
static inline uint16_t bf16_of_f64(double x) { return half_of_f64(x, BF16_FRACTION, BF16_BIAS); }

#endif
