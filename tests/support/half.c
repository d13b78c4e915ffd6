#include "half.h"

#include <math.h>

/* A number is significand * 2^(exponent - SIGNIFICAND), the exponent at least `lowest`. */
struct format {
    int significand; /* stored bits of the significand */
    int bias;
};

static struct format format_of(xent_dtype dtype)
{
    return dtype == XENT_F16 ? (struct format){ 10, 15 } : (struct format){ 7, 127 };
}

double half_decode(xent_dtype dtype, uint16_t bits)
{
    const struct format f = format_of(dtype);
    const int field = (bits & 0x7fff) >> f.significand, fraction = bits & ((1 << f.significand) - 1);
    double value;
    if (field == 2 * f.bias + 1)
        value = fraction != 0 ? NAN : INFINITY;
    else if (field == 0)
        value = ldexp(fraction, 1 - f.bias - f.significand);
    else
        value = ldexp(fraction + (1 << f.significand), field - f.bias - f.significand);
    return bits & 0x8000 ? -value : value;
}

uint16_t half_encode(xent_dtype dtype, double value)
{
    const struct format f = format_of(dtype);
    const unsigned infinity = (2U * (unsigned)f.bias + 1) << f.significand, sign = signbit(value) ? 0x8000 : 0;
    int exponent;
    if (isnan(value)) return (uint16_t)(infinity | 1U << (f.significand - 1));
    if (isinf(value)) return (uint16_t)(sign | infinity);
    if (value == 0) return (uint16_t)sign;
    frexp(value, &exponent);
    exponent = exponent - 1 < 1 - f.bias ? 1 - f.bias : exponent - 1;
    /* the significand may round up to the next power of two: the addition then carries into the exponent field */
    const unsigned significand = (unsigned)rint(ldexp(fabs(value), f.significand - exponent));
    if (exponent > f.bias) return (uint16_t)(sign | infinity);
    const unsigned bits = ((unsigned)(exponent + f.bias - 1) << f.significand) + significand;
    return (uint16_t)(sign | (bits > infinity ? infinity : bits));
}
