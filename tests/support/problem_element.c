#include "problem_element.h"

#include <string.h>

#include "half.h"

void element_store(xent_dtype dtype, void *out, int64_t i, double value)
{
    switch (dtype) {
    case XENT_F32: ((float *)out)[i] = (float)value; break;
    case XENT_F64: ((double *)out)[i] = value; break;
    default: ((uint16_t *)out)[i] = half_encode(dtype, value); break;
    }
}

double element_load(xent_dtype dtype, const void *in, int64_t i)
{
    switch (dtype) {
    case XENT_F32: return (double)((const float *)in)[i];
    case XENT_F64: return ((const double *)in)[i];
    default: return half_decode(dtype, ((const uint16_t *)in)[i]);
    }
}

void element_store_bits(xent_dtype dtype, void *out, int64_t i, uint64_t bits)
{
    const uint32_t half = (uint32_t)(bits >> 32);
    const uint16_t quarter = (uint16_t)(bits >> 48);
    switch (dtype) {
    case XENT_F32: memcpy((char *)out + 4 * i, &half, 4); break;
    case XENT_F64: memcpy((char *)out + 8 * i, &bits, 8); break;
    default: memcpy((char *)out + 2 * i, &quarter, 2); break;
    }
}

/* The exponent as F16 and F32 have it, at the upper end of 64 bits; those of BF16 and F32 are the same. */
int element_is_finite(xent_dtype dtype, uint64_t bits)
{
    const uint64_t exponent = dtype == XENT_F16 ? 0x7c0 : 0x7f8;
    return (bits >> 52 & exponent) != exponent;
}

/* A payload of 0 would make it an infinity. */
void element_store_nan(xent_dtype dtype, void *out, int64_t i, uint64_t bits)
{
    const uint64_t sign = UINT64_C(1) << 63;
    switch (dtype) {
    case XENT_F32: bits = UINT64_C(0x7F80000100000000) | (bits & UINT64_C(0x807FFFFF00000000)); break;
    case XENT_F64: bits = UINT64_C(0x7FF0000000000001) | (bits & UINT64_C(0x800FFFFFFFFFFFFF)); break;
    case XENT_F16: bits = UINT64_C(0x7C01) << 48 | (bits & (sign | UINT64_C(0x03FF) << 48)); break;
    default: bits = UINT64_C(0x7F81) << 48 | (bits & (sign | UINT64_C(0x007F) << 48)); break;
    }
    element_store_bits(dtype, out, i, bits);
}

void element_clear_sign(xent_dtype dtype, void *out, int64_t i)
{
    const size_t size = xent_dtype_size(dtype);
    const int one = 1, little_endian = *(const char *)&one;
    unsigned char *last = (unsigned char *)out + (size_t)i * size + (little_endian ? size - 1 : 0);
    *last &= 0x7f;
}

double element_largest(xent_dtype dtype)
{
    switch (dtype) {
    case XENT_F32: return 0x1.fffffep+127;
    case XENT_F64: return 0x1.fffffffffffffp+1023;
    case XENT_F16: return 65504;
    default: return 0x1.fep+127;
    }
}

double element_smallest(xent_dtype dtype)
{
    switch (dtype) {
    case XENT_F32: return 0x1p-149;
    case XENT_F64: return 0x1p-1074;
    case XENT_F16: return 0x1p-24;
    default: return 0x1p-133;
    }
}
