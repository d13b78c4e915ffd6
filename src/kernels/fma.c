/* The fused multiply-add, in integers. */
#include "fma.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* value = significand 2^exponent; of 128 bits, the highest of which that may be set is TOP. */
#define TOP 125
struct number {
    uint64_t high, low;
    int exponent;
    bool negative;
};

static struct number shifted_left(struct number n, int bits)
{
    if (bits >= 64) {
        n.high = n.low << (bits - 64);
        n.low = 0;
    } else if (bits > 0) {
        n.high = n.high << bits | n.low >> (64 - bits);
        n.low <<= bits;
    }
    n.exponent -= bits;
    return n;
}

/* Bits that fall out leave a 1 in the last place: what matters of them is that they were there. */
static struct number shifted_right(struct number n, int bits)
{
    uint64_t lost = 0;
    n.exponent += bits;
    if (bits >= 64) {
        lost = n.low;
        n.low = n.high;
        n.high = 0;
        bits -= 64;
    }
    if (bits >= 64) {
        lost |= n.low;
        n.low = 0;
    } else if (bits > 0) {
        lost |= n.low << (64 - bits);
        n.low = n.low >> bits | n.high << (64 - bits);
        n.high >>= bits;
    }
    n.low |= lost != 0;
    return n;
}

static struct number normal(struct number n)
{
    int zeros = n.high != 0 ? __builtin_clzll(n.high) : 64 + __builtin_clzll(n.low);
    int bits = zeros - (127 - TOP);
    return bits < 0 ? shifted_right(n, -bits) : shifted_left(n, bits);
}

static struct number read_number(double x)
{
    uint64_t bits, fraction;
    int exponent;
    memcpy(&bits, &x, sizeof bits);
    exponent = (int)(bits >> 52 & 0x7ff);
    fraction = bits & ((UINT64_C(1) << 52) - 1);
    if (exponent != 0)
        fraction |= UINT64_C(1) << 52;
    else
        exponent = 1;
    return (struct number){ 0, fraction, exponent - 1075, bits >> 63 != 0 };
}

static struct number product(struct number x, struct number y)
{
    const uint64_t half = UINT32_MAX, xl = x.low & half, xh = x.low >> 32, yl = y.low & half, yh = y.low >> 32;
    uint64_t low = xl * yl, middle = xl * yh + (low >> 32), other = xh * yl + (middle & half);
    return (struct number){ xh * yh + (middle >> 32) + (other >> 32), other << 32 | (low & half), x.exponent + y.exponent,
                            x.negative != y.negative };
}

/* Of two normal numbers; high and low 0: of none. A shift that loses bits is by 2 or more, so that less than two bits cancel. */
static struct number sum(struct number a, struct number b)
{
    if (a.exponent < b.exponent || (a.exponent == b.exponent && (a.high < b.high || (a.high == b.high && a.low < b.low)))) {
        struct number smaller = a;
        a = b;
        b = smaller;
    }
    b = shifted_right(b, a.exponent - b.exponent);
    if (a.negative == b.negative) {
        a.low += b.low;
        a.high += b.high + (a.low < b.low);
    } else {
        a.high -= b.high + (a.low < b.low);
        a.low -= b.low;
    }
    return a;
}

/* To 53 bits, or as many as a subnormal number has; to even where both neighbours are as near. */
static double rounded(struct number n)
{
    const uint64_t significand = n.high | (n.low != 0);
    uint64_t bits = UINT64_C(0x7ff) << 52;
    int exponent = n.exponent + 64, drop = TOP - 64 - 52;
    double result;
    if (exponent + drop < -1074) drop = -1074 - exponent;
    if (drop > 63) {
        bits = 0;
    } else if (exponent + drop <= 971) {
        uint64_t rest = significand & ((UINT64_C(1) << drop) - 1), half = UINT64_C(1) << (drop - 1);
        bits = significand >> drop;
        bits += rest > half || (rest == half && (bits & 1) != 0);
        bits += (uint64_t)(exponent + drop + 1074) << 52;
    }
    bits |= (uint64_t)n.negative << 63;
    memcpy(&result, &bits, sizeof result);
    return result;
}

double xent_fma(double x, double y, double z)
{
    struct number all;
    if (!isfinite(x) || !isfinite(y) || x == 0 || y == 0) return x * y + z;
    if (!isfinite(z)) return z + 0.0;
    if (z == 0) return x * y;
    all = sum(normal(product(read_number(x), read_number(y))), normal(read_number(z)));
    if (all.high == 0 && all.low == 0) return 0.0;
    return rounded(normal(all));
}
