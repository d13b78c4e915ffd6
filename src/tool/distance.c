/* Two elements of one type, by their bits. */
#include "distance.h"

#include <math.h>
#include <string.h>

#include "array.h"

uint64_t element_bits(const unsigned char *element, xent_dtype dtype)
{
    uint64_t bits = 0;
    memcpy(&bits, element, xent_dtype_size(dtype)); /* little-endian, as the files are */
    return bits;
}

/* What is not the sign, and of it what is not the fraction. */
struct parts {
    int fraction_bits, sign_bit;
};

static struct parts parts_of(xent_dtype dtype)
{
    switch ((int)dtype) {
    case XENT_F64: return (struct parts){ 52, 63 };
    case XENT_F32: return (struct parts){ 23, 31 };
    case XENT_F16: return (struct parts){ 10, 15 };
    default: return (struct parts){ 7, 15 };
    }
}

static uint64_t magnitude(uint64_t bits, xent_dtype dtype) { return bits & (((uint64_t)1 << parts_of(dtype).sign_bit) - 1); }

static bool is_negative(uint64_t bits, xent_dtype dtype) { return bits >> parts_of(dtype).sign_bit & 1; }

static uint64_t infinity(xent_dtype dtype)
{
    const struct parts parts = parts_of(dtype);
    return (((uint64_t)1 << (parts.sign_bit - parts.fraction_bits)) - 1) << parts.fraction_bits;
}

bool element_is_nan(uint64_t bits, xent_dtype dtype)
{
    return type_is_floating(dtype) && magnitude(bits, dtype) > infinity(dtype);
}

static int64_t integer(uint64_t bits, xent_dtype dtype)
{
    switch ((int)dtype) {
    case XENT_I32: return (int32_t)(uint32_t)bits;
    case XENT_I16: return (int16_t)(uint16_t)bits;
    case XENT_I8: return (int8_t)(uint8_t)bits;
    default: return (int64_t)bits;
    }
}

static double floating(uint64_t bits, xent_dtype dtype)
{
    const struct parts parts = parts_of(dtype);
    const uint64_t size = magnitude(bits, dtype), fraction = size & (((uint64_t)1 << parts.fraction_bits) - 1);
    const int exponent = (int)(size >> parts.fraction_bits), bias = (1 << (parts.sign_bit - parts.fraction_bits - 1)) - 1;
    const uint64_t leading = exponent > 0 ? (uint64_t)1 << parts.fraction_bits : 0;
    const double value = element_is_nan(bits, dtype) ? (double)NAN
                         : size == infinity(dtype)
                             ? (double)INFINITY
                             : ldexp((double)(fraction | leading), (exponent > 0 ? exponent : 1) - bias - parts.fraction_bits);
    return is_negative(bits, dtype) ? -value : value;
}

double element_value(uint64_t bits, xent_dtype dtype)
{
    if (type_is_floating(dtype)) return floating(bits, dtype);
    return dtype == XENT_U64 ? (double)bits : (double)integer(bits, dtype);
}

uint64_t element_distance(uint64_t a, uint64_t b, xent_dtype dtype)
{
    if (!type_is_floating(dtype)) {
        const bool greater = dtype == XENT_U64 ? a > b : integer(a, dtype) > integer(b, dtype);
        const uint64_t x = dtype == XENT_U64 ? a : (uint64_t)integer(a, dtype),
                       y = dtype == XENT_U64 ? b : (uint64_t)integer(b, dtype);
        return greater ? x - y : y - x;
    }
    const uint64_t x = magnitude(a, dtype), y = magnitude(b, dtype);
    if (is_negative(a, dtype) != is_negative(b, dtype)) return x + y;
    return x > y ? x - y : y - x;
}
