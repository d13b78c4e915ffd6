/* Every vector primitive of every backend against its scalar line, bit by bit, on edge values and random bits; and the scalar
 * build's emulated fused multiply-add against the C library's. */
#include "primitives.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dispatch/cpu.h"
#include "support/effort.h"
#include "support/random.h"

#define COUNT 4096
#define ROUNDS 100
#define SEED 20261124

static const uint32_t edges_f32[] = { 0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x80800000,
                                      0x3f800000, 0xbf800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
                                      0xffc00000, 0x7fc12345, 0x3f800001, 0x33800000, 0x34000000, 0x49c00000, 0x49c00007 };
static const uint64_t edges_f64[] = { 0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x000fffffffffffff,
                                      0x0010000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7fefffffffffffff,
                                      0xffefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
                                      0xfff8000000000000, 0x7ff8000000012345, 0x3ca0000000000000, 0x4318000000000003 };

#define EDGES(table) (sizeof(table) / sizeof((table)[0]))

struct operands {
    float f32[3][COUNT];
    double f64[3][COUNT];
};

/* Random bits, one time in four an edge value; of the third operand, one time in two what nearly cancels the product of the others. */
static void fill(struct operands *operands, struct random *random)
{
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < COUNT; i++) {
            uint32_t u = (uint32_t)random_bits(random);
            uint64_t v = random_bits(random);
            if (random_chance(random, 4)) u = edges_f32[random_below(random, (int64_t)EDGES(edges_f32))];
            if (random_chance(random, 4)) v = edges_f64[random_below(random, (int64_t)EDGES(edges_f64))];
            memcpy(&operands->f32[k][i], &u, sizeof u);
            memcpy(&operands->f64[k][i], &v, sizeof v);
            if (k < 2 || !random_chance(random, 2)) continue;
            operands->f32[2][i] =
                (float)(-(double)operands->f32[0][i] * operands->f32[1][i] * (1 + (random_uniform(random) - 0.5) * 0x1p-20));
            operands->f64[2][i] = -operands->f64[0][i] * operands->f64[1][i];
        }
}

/* NaN operands may leave a NaN with any payload. Some primitives are defined for numbers alone. */
static void expect_f32(const char *name, const struct operands *o, const float *want, const float *got)
{
    for (int i = 0; i < COUNT; i++) {
        if (memcmp(&want[i], &got[i], sizeof want[i]) == 0 || (want[i] != want[i] && got[i] != got[i])) continue;
        fail_msg("%s f32 of %a %a %a is %a, expected %a", name, (double)o->f32[0][i], (double)o->f32[1][i],
                 (double)o->f32[2][i], (double)got[i], (double)want[i]);
    }
}

static void expect_f64(const char *name, const struct operands *o, const double *want, const double *got)
{
    for (int i = 0; i < COUNT; i++) {
        if (memcmp(&want[i], &got[i], sizeof want[i]) == 0 || (want[i] != want[i] && got[i] != got[i])) continue;
        fail_msg("%s f64 of %a %a %a is %a, expected %a", name, o->f64[0][i], o->f64[1][i], o->f64[2][i], got[i], want[i]);
    }
}

static void without_nan(struct operands *o)
{
    for (int i = 0; i < COUNT; i++) {
        if (o->f32[0][i] != o->f32[0][i]) o->f32[0][i] = -1;
        if (o->f64[0][i] != o->f64[0][i]) o->f64[0][i] = -1;
    }
}

static bool is_of_numbers(const char *name)
{
    return strcmp(name, "max_lane") == 0 || strncmp(name, "store_number", strlen("store_number")) == 0;
}

static void compare(const struct primitive *backend)
{
    static struct operands operands;
    static float want_f32[COUNT], got_f32[COUNT];
    static double want_f64[COUNT], got_f64[COUNT];
    struct random random = random_stream(SEED, 1);
    for (int64_t rounds = effort(ROUNDS); rounds > 0; rounds--)
        for (size_t p = 0; primitives_scalar[p].name != NULL; p++) {
            const struct primitive *scalar = &primitives_scalar[p];
            fill(&operands, &random);
            if (is_of_numbers(scalar->name)) without_nan(&operands);
            if (scalar->f32 != NULL) {
                scalar->f32(operands.f32[0], operands.f32[1], operands.f32[2], COUNT, want_f32);
                backend[p].f32(operands.f32[0], operands.f32[1], operands.f32[2], COUNT, got_f32);
                expect_f32(scalar->name, &operands, want_f32, got_f32);
            } else {
                scalar->f64(operands.f64[0], operands.f64[1], operands.f64[2], COUNT, want_f64);
                backend[p].f64(operands.f64[0], operands.f64[1], operands.f64[2], COUNT, got_f64);
                expect_f64(scalar->name, &operands, want_f64, got_f64);
            }
        }
}

static const struct {
    const char *name;
    const struct primitive *table;
    bool (*usable)(void);
} backends[] = {
#ifdef XENT_TEST_AVX2
    { "avx2", primitives_avx2, xent_cpu_has_avx2 },
#endif
#ifdef XENT_TEST_AVX512
    { "avx512", primitives_avx512, xent_cpu_has_avx512 },
#endif
#ifdef XENT_TEST_NEON
    { "neon", primitives_neon, xent_cpu_always },
#endif
    { "scalar", primitives_scalar, xent_cpu_always },
};

static void backends_equal_scalar(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        const bool usable = backends[i].usable();
        print_message("%s: %s\n", backends[i].name, usable ? "compared" : "not usable on this CPU");
        if (usable) compare(backends[i].table);
    }
}

static void max_is_its_line(void **state)
{
    float a[8] = { NAN, 1, 0.0f, -0.0f, INFINITY, NAN, 2, -INFINITY },
          b[8] = { 1, NAN, -0.0f, 0.0f, 1, INFINITY, 2, -INFINITY }, out[8];
    (void)state;
    primitives_scalar[0].f32(a, b, a, 8, out);
    assert_string_equal(primitives_scalar[0].name, "max");
    for (int i = 0; i < 8; i++) {
        float line = a[i] > b[i] ? a[i] : b[i];
        assert_memory_equal(&out[i], &line, sizeof line);
    }
}

/* The C library's fmaf is exact on every platform that this runs on; where the compiler inlines it, it is the instruction. */
static void emulated_fma_rounds_once(void **state)
{
    static struct operands operands;
    static float want[COUNT], got[COUNT];
    struct random random = random_stream(SEED, 2);
    (void)state;
    for (int64_t rounds = effort(ROUNDS); rounds > 0; rounds--) {
        fill(&operands, &random);
        for (int i = 0; i < COUNT; i++) want[i] = fmaf(operands.f32[0][i], operands.f32[1][i], operands.f32[2][i]);
        for (size_t p = 0; primitives_scalar[p].name != NULL; p++)
            if (strcmp(primitives_scalar[p].name, "fma") == 0 && primitives_scalar[p].f32 != NULL)
                primitives_scalar[p].f32(operands.f32[0], operands.f32[1], operands.f32[2], COUNT, got);
        expect_f32("fma", &operands, want, got);
    }
}

static void expect_fmaf(const float *a, const float *b, const float *c)
{
    float got[PRIMITIVES_STEP];
    primitives_scalar[3].f32(a, b, c, PRIMITIVES_STEP, got);
    for (int i = 0; i < PRIMITIVES_STEP; i++) {
        float want = fmaf(a[i], b[i], c[i]);
        if (memcmp(&want, &got[i], sizeof want) != 0)
            fail_msg("fma(%a, %a, %a) is %a, expected %a", (double)a[i], (double)b[i], (double)c[i], (double)got[i],
                     (double)want);
    }
}

/* Products next to an f32 midpoint, nudged by an addend too small for the double sum to hold; and subnormal results. */
static void emulated_fma_at_midpoints(void **state)
{
    struct random random = random_stream(SEED, 3);
    float a[PRIMITIVES_STEP], b[PRIMITIVES_STEP], c[PRIMITIVES_STEP];
    (void)state;
    for (int64_t rounds = effort(200000); rounds > 0; rounds--) {
        for (int i = 0; i < PRIMITIVES_STEP; i++) {
            int low = (int)random_below(&random, 150) - 140;
            float odd = (float)(0x1000001 + 2 * random_below(&random, 0x7fffff)); /* 25 bits: rounded to 24 below */
            a[i] = ldexpf(1.0f + 0x1p-12f * (float)random_below(&random, 4096), (int)random_below(&random, 2) ? -130 : 0);
            b[i] = random_chance(&random, 2) ? 1.0f + 0x1p-12f : odd * 0x1p-24f;
            c[i] = ldexpf(random_chance(&random, 2) ? 1.0f : -1.0f, low);
        }
        expect_fmaf(a, b, c);
    }
}

/* Subnormal results have their midpoints elsewhere: the product is 2^-150 less what the double sum cannot hold. */
static void emulated_fma_at_subnormal_midpoints(void **state)
{
    struct random random = random_stream(SEED, 4);
    float a[PRIMITIVES_STEP], b[PRIMITIVES_STEP], c[PRIMITIVES_STEP];
    (void)state;
    for (int64_t rounds = effort(10000); rounds > 0; rounds--) {
        for (int i = 0; i < PRIMITIVES_STEP; i++) {
            float sign = random_chance(&random, 2) ? 1.0f : -1.0f;
            a[i] = sign * 0x1.000002p-75f;
            b[i] = 0x1.fffffcp-76f;
            c[i] = sign * ldexpf((float)(1 + 2 * random_below(&random, 0x3fffff)), -149);
        }
        expect_fmaf(a, b, c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_is_its_line),           cmocka_unit_test(emulated_fma_rounds_once),
        cmocka_unit_test(emulated_fma_at_midpoints), cmocka_unit_test(emulated_fma_at_subnormal_midpoints),
        cmocka_unit_test(backends_equal_scalar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
