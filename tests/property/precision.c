#include "precision.h"

#include <math.h>

#include "support/half.h"

const struct precision precision_f32 = { XENT_F32, "F32", 0x1p-24, 0x1p-149, 0x1.fffffep127 };
const struct precision precision_f64 = { XENT_F64, "F64", 0x1p-53, 0x1p-1074, 0x1.fffffffffffffp1023 };
const struct precision precision_f16 = { XENT_F16, "F16", 0x1p-11, 0x1p-24, 65504 };
const struct precision precision_bf16 = { XENT_BF16, "BF16", 0x1p-8, 0x1p-133, 0x1.fep127 };

const struct precision *precision_of(xent_dtype dtype)
{
    switch ((int)dtype) {
    case XENT_F64: return &precision_f64;
    case XENT_F16: return &precision_f16;
    case XENT_BF16: return &precision_bf16;
    default: return &precision_f32;
    }
}

const struct precision *arithmetic_of(xent_dtype dtype) { return dtype == XENT_F64 ? &precision_f64 : &precision_f32; }

double half_ulp(const struct precision *p, double x)
{
    int exponent;
    x = fabs(x);
    if (!(x * (1 + p->unit) <= p->largest)) return INFINITY;
    frexp(x, &exponent);
    return fmax(fmax(ldexp(p->unit, exponent), p->tiny) / 2, 0x1p-1074); /* of F64's smallest numbers a half is none */
}

double rounded(const struct precision *p, double value)
{
    if (p->dtype == XENT_F64) return value;
    if (p->dtype == XENT_F32) return (double)(float)value;
    return half_decode(p->dtype, half_encode(p->dtype, value));
}
