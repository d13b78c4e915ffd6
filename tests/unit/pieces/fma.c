/* The fused multiply-add in integers against the C library's, bit by bit: numbers of any exponents, of exponents that meet, products that
   cancel to their last bits, subnormal numbers and the ends of the range. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/fma.h"
#include "support/effort.h"
#include "support/random.h"
#include "support/tensors.h"

static double of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* An exponent within `range` of `middle`, both as they are stored; significands with many bits, few, or none. */
static double draw(struct random *random, int middle, int range)
{
    const uint64_t bits = random_bits(random), shift = random_bits(random) % 53;
    int exponent = middle + (int)(random_bits(random) % (uint64_t)(2 * range + 1)) - range;
    exponent = exponent < 0 ? 0 : exponent > 2046 ? 2046 : exponent;
    return of_bits((bits & UINT64_C(1) << 63) | (uint64_t)exponent << 52 |
                   ((bits & ((UINT64_C(1) << 52) - 1)) >> shift << shift));
}

static void expect_same(double x, double y, double z)
{
    const double want = fma(x, y, z), got = xent_fma(x, y, z);
    if (isnan(want) ? !isnan(got) : memcmp(&got, &want, sizeof got) != 0)
        fail_msg("fma(%a, %a, %a) is %a, not %a", x, y, z, want, got);
}

static void test_random_numbers(void **state)
{
    static const struct {
        int middle_of_factors, range_of_factors, middle, range;
    } kinds[] = { { 1023, 1023, 1023, 1023 }, { 1023, 3, 1023, 60 }, { 1023, 30, 1023, 2 }, { 512, 3, 2, 60 },
                  { 500, 20, 1, 1 },          { 1534, 2, 2046, 3 },  { 1, 2, 1023, 1023 },  { 480, 6, 0, 0 } };
    struct random random = random_stream(1, 0);
    (void)state;
    for (int64_t i = 0; i < effort(2000000); i++) {
        const size_t k = (size_t)i % (sizeof kinds / sizeof kinds[0]);
        const double x = draw(&random, kinds[k].middle_of_factors, kinds[k].range_of_factors);
        const double y = draw(&random, kinds[k].middle_of_factors, kinds[k].range_of_factors);
        expect_same(x, y, draw(&random, kinds[k].middle, kinds[k].range));
        expect_same(x, y, -x * y);
        expect_same(x, y, nextafter(-x * y, 0));
    }
}

static void test_special_numbers(void **state)
{
    static const double numbers[] = {
        0.0,      -0.0,       1.0,     -1.0,     0x1p-1074, -0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023,
        INFINITY, -INFINITY,  NAN,     0x1p-537, 0x1p-538,  0x1p512,    0x1p511,   -0x1.fffffffffffffp1023,
        0x1p-53,  0x1.8p-537, 0x1p970, 0x1p969,  3.0
    };
    enum { NUMBERS = sizeof numbers / sizeof numbers[0] };
    (void)state;
    for (int x = 0; x < NUMBERS; x++)
        for (int y = 0; y < NUMBERS; y++)
            for (int z = 0; z < NUMBERS; z++) expect_same(numbers[x], numbers[y], numbers[z]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_numbers), cmocka_unit_test(test_special_numbers) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
