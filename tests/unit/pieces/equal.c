/* The gap of a chunk whose classes all have the same coefficient, which comes from the sum of its logits, against the sum of all
   distances from the maximum: of these nothing cancels. */
#include <math.h>
#include <string.h>

#include "dispatch/select.h"
#include "kernels/equal.h"
#include "kernels/two_sum.h"
#include "support/backend.h"
#include "support/expect.h"
#include "support/random.h"

/* The bounds of docs/numerics.md, and the roundings of what stands here. */
#define WITHIN_F32 (0x1p-33 + 0x1p-50)
#define WITHIN_F64 0x1p-50

static const double coef = 0.1 / 3;

static double distances(const double *z, size_t n, double *max)
{
    double sum = 0, error = 0;
    *max = z[0];
    for (size_t c = 1; c < n; c++) *max = z[c] > *max ? z[c] : *max;
    for (size_t c = 0; c < n; c++) add_two(&sum, &error, *max - z[c]);
    return sum + error;
}

static void expect_gap(const struct xent_chunk *chunk, double distance, size_t n, double within)
{
    if (!(fabs(chunk->state.gap - coef * distance) <= within * coef * distance))
        fail_msg("%zu classes: a gap of %.17g instead of %.17g", n, chunk->state.gap, coef * distance);
    assert_true(chunk->state.coef == (double)n * coef);
    assert_true(chunk->state.coef_peak == coef);
}

/* A chunk of F32 logits, forward and with its terms in place, which has to give the same; and of F64. */
static void try_chunk(const double *z, size_t n)
{
    static float narrow[XENT_CHUNK];
    static double rounded[XENT_CHUNK], terms[XENT_CHUNK];
    const struct xent_kernels *kernels = xent_dispatch_find(xent_backend());
    struct xent_chunk chunk, kept;
    double max, distance;
    for (size_t c = 0; c < n; c++) rounded[c] = (double)(narrow[c] = (float)z[c]);
    distance = distances(rounded, n, &max);
    kernels->f32->reduce_equal(narrow, n, coef, NULL, &chunk);
    kernels->f32->reduce_equal(narrow, n, coef, narrow, &kept);
    assert_true(chunk.state.max == max);
    expect_gap(&chunk, distance, n, WITHIN_F32);
    assert_memory_equal(&chunk.state, &kept.state, sizeof chunk.state);
    distance = distances(z, n, &max);
    memcpy(terms, z, n * sizeof(double));
    kernels->f64->reduce_equal(z, n, coef, NULL, &chunk);
    kernels->f64->reduce_equal(terms, n, coef, terms, &kept);
    assert_true(chunk.state.max == max);
    expect_gap(&chunk, distance, n, WITHIN_F64);
    assert_memory_equal(&chunk.state, &kept.state, sizeof chunk.state);
}

static const size_t sizes[] = { 1, 2, 63, 64, 65, 1000, 4095, 4096 };
static const double offsets[] = { 0, 1, -1, 0.3, 1e3, -3e4, 4e4, 1e6, -1e9, 1e30, -1e-30 };
enum { SIZES = sizeof sizes / sizeof sizes[0], OFFSETS = sizeof offsets / sizeof offsets[0] };

static void no_digit_cancels(void **state)
{
    static double z[XENT_CHUNK];
    static const double spreads[] = { 1e-7, 1, 4, 1e5, 1e20 };
    (void)state;
    for (size_t size = 0; size < SIZES; size++)
        for (size_t offset = 0; offset < OFFSETS; offset++)
            for (size_t spread = 0; spread < sizeof spreads / sizeof spreads[0]; spread++) {
                struct random random = random_stream(9, size * 1000 + offset * 10 + spread);
                for (size_t c = 0; c < sizes[size]; c++) z[c] = offsets[offset] + spreads[spread] * random_normal(&random);
                try_chunk(z, sizes[size]);
                z[sizes[size] / 2] = -1e30; /* one that is far from all others, */
                try_chunk(z, sizes[size]);
                z[sizes[size] / 3] = 1e12; /* and one above them */
                try_chunk(z, sizes[size]);
            }
}

static void equal_logits_have_no_distance(void **state)
{
    static float narrow[XENT_CHUNK];
    static double z[XENT_CHUNK];
    const struct xent_kernels *kernels = xent_dispatch_find(xent_backend());
    struct xent_chunk chunk;
    (void)state;
    for (size_t size = 0; size < SIZES; size++)
        for (size_t offset = 0; offset < OFFSETS; offset++) {
            for (size_t c = 0; c < sizes[size]; c++) narrow[c] = (float)(z[c] = offsets[offset]);
            kernels->f32->reduce_equal(narrow, sizes[size], coef, NULL, &chunk);
            assert_true(chunk.state.gap == 0);
            kernels->f64->reduce_equal(z, sizes[size], coef, NULL, &chunk);
            assert_true(chunk.state.gap == 0);
        }
}

static void infinities_and_a_coefficient_of_zero(void **state)
{
    const double infinity = (double)INFINITY, nan = (double)NAN;
    (void)state;
    assert_true(equal_gap(0.5, 2, 1, -infinity, 0) == infinity);
    assert_true(equal_gap(0.5, 2, 1, -infinity, nan) == infinity);
    assert_true(equal_gap(0, 2, 1, -infinity, nan) == 0);
    assert_true(equal_gap(0.5, 2, -infinity, -infinity, nan) == infinity); /* nothing but -inf: of coefficient * -z */
    assert_true(equal_gap(0.5, 3, 0x1p1023, 0x1p1023, 0) == infinity);     /* the product overflows; the caller looks closer */
    assert_true(equal_gap(1, 3, 1 + 0x1p-52, 3, 0) == 3 * 0x1p-52);        /* what rounding 3 * max lost is there */
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(no_digit_cancels),
                                               cmocka_unit_test(equal_logits_have_no_distance),
                                               cmocka_unit_test(infinities_and_a_coefficient_of_zero) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
