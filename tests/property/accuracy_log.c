/* Accuracy of xent_log against binary128: all magnitudes, subnormal numbers included, and the neighbourhood of 1; of 16 bits,
   every number. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "accuracy_measure.h"
#include "everywhere.h"
#include "support/effort.h"
#include "support/half.h"
#include "support/tensors.h"

/* The i-th positive number of 16 bits. */
static double enumerate(xent_dtype dtype, int64_t i)
{
    const double x = half_decode(dtype, (uint16_t)(i + 1));
    return isfinite(x) ? x : 1.5;
}

/* Positive and finite: any bits, around 1 at all distances, a power of two or its neighbour. */
static double draw(xent_dtype dtype, int64_t i, struct random *r)
{
    const uint64_t bits = random_bits(r);
    const int single = dtype == XENT_F32, power = (int)(bits % (single ? 277 : 2098)) - (single ? 149 : 1074);
    const double epsilon = single ? 0x1p-24 : 0x1p-53;
    double x;
    float f;
    const uint32_t half = (uint32_t)(bits >> 33);
    const uint64_t word = bits >> 1;
    memcpy(&f, &half, sizeof f);
    memcpy(&x, &word, sizeof x);
    if (i % 4 == 0)
        x = single ? (double)f : x;
    else if (i % 4 == 1)
        x = 1 + ldexp(random_uniform(r) - 0.5, -(int)(bits % 54));
    else if (i % 4 == 2)
        x = ldexp(1 + (double)((int)(bits >> 32 & 7) - 3) * epsilon, power);
    else
        x = 4 * random_uniform(r);
    if (single) x = (double)(float)x;
    return x > 0 && isfinite(x) ? x : 1.5;
}

static void logarithms_are_accurate(void **state)
{
    const struct precision *p = *state;
    const struct precision *a = arithmetic_of(p->dtype);
    const int64_t n = a == p ? effort(400000) : 0x7fff;
    const struct batch nowhere = { .classes = 1 };
    struct measure m = { .result = "log", .unit = "ulp" };
    struct random random = accuracy_stream(3, p->dtype);
    void *x = elements_new(p->dtype, n), *out = elements_new(p->dtype, n);
    for (int64_t i = 0; i < n; i++) element_set(p->dtype, x, i, a == p ? draw(p->dtype, i, &random) : enumerate(p->dtype, i));
    xent_tensor *from = tensor_over(p->dtype, SHAPE(n), x), *to = tensor_over(p->dtype, SHAPE(n), out);
    expect_everywhere(xent_log(from, to), to);
    for (int64_t i = 0; i < n; i++) {
        const quad exact = quad_log((quad)element(p->dtype, x, i));
        const double own = (a->dtype == XENT_F32 ? 2 : 4) * ulp(a, exact);
        const double rounding = a == p ? 0 : half_ulp(p, fabs((double)exact) + own);
        measure(&m, element(p->dtype, out, i), exact, ulp(p, exact), own + rounding, &nowhere);
    }
    xent_tensor_destroy(from);
    xent_tensor_destroy(to);
    free(x);
    free(out);
    assert_int_equal(measures_print(p->name, &m, 1), 0);
}

int main(int argc, char **argv) { return accuracy_main(argc, argv, logarithms_are_accurate, true); }
