/* AVX2 with and without F16C: one backend to the caller, two tables of kernels, which read and write F16 by the instruction for it or
   by integer operations. Both give the same bits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/cpu.h"
#include "dispatch/select.h"
#include "support/effort.h"
#include "support/expect.h"
#include "support/half.h"
#include "support/problem.h"

enum { CANNOT_RUN = 77, PROBLEMS = 1500, TEXT = 400 };

static struct answer solve(const struct problem *p, const struct xent_kernels *kernels)
{
    xent_dispatch_use(kernels);
    struct answer a = problem_solve(p);
    if (a.status != XENT_OK) fail_msg("%s: %s", xent_status_name(a.status), xent_error_message());
    return a;
}

static void expect_same_bits(const struct problem *p)
{
    struct answer without = solve(p, &xent_kernels_avx2), with = solve(p, &xent_kernels_avx2_f16c);
    char text[TEXT];
    problem_text(p, text, sizeof text);
    if (with.size != without.size || memcmp(with.bytes, without.bytes, with.size) != 0)
        fail_msg("%s: other bits with F16C (values %llu)", text, (unsigned long long)p->seed);
    answer_free(&without);
    answer_free(&with);
}

/* Every operation on every kind of values. Logits of another dtype meet F16 as weights, targets and losses. */
static void random_problems_have_the_same_bits(void **state)
{
    (void)state;
    for (int64_t i = 0; i < effort(PROBLEMS); i++) {
        struct random r = random_stream(16, (uint64_t)i);
        struct problem p = { .op = (enum op)(i % OPS), .dtype = i % 8 == 7 ? XENT_F32 : XENT_F16, .any_dtype = 1 };
        p.ndim = 1 + (int32_t)random_below(&r, 3);
        p.axis = (int32_t)random_below(&r, p.ndim);
        for (int32_t d = 0; d < p.ndim; d++) p.shape[d] = 1 + random_below(&r, 7);
        p.shape[p.axis] = 1 + random_below(&r, random_chance(&r, 20) ? 5000 : 150);
        p.values = (enum values)(i / OPS % VALUES_KINDS);
        p.options = (unsigned)random_below(&r, OPTION_SETS);
        problem_draw(&p, &r);
        expect_same_bits(&p);
    }
}

static const struct xent_kernels *const tables[] = { &xent_kernels_avx2, &xent_kernels_avx2_f16c };
enum { TABLES = 2, NUMBERS = 1 << 16 };

static uint16_t halves[NUMBERS];

static void every_number_is_read(void **state)
{
    static float reals[NUMBERS];
    (void)state;
    for (int i = 0; i < NUMBERS; i++) halves[i] = (uint16_t)i;
    for (int k = 0; k < TABLES; k++) {
        tables[k]->f16->prepare(halves, reals, NUMBERS, 1, 0);
        for (int i = 0; i < NUMBERS; i++) {
            const double want = half_decode(XENT_F16, halves[i]), got = (double)reals[i];
            if (isnan(want) ? !isnan(got) : got != want || signbit(got) != signbit(want))
                fail_msg("table %d reads 0x%04x as %a", k, (unsigned)halves[i], got);
        }
    }
}

/* Each number of F16, the midpoint between it and the next one, and what lies on either side of that; behind the largest number,
   infinity begins at the midpoint to 2^16. */
static void every_rounding_is_to_nearest_even(void **state)
{
    static float reals[NUMBERS];
    enum { INFINITE = 0x7c00, EACH = 4 };
    (void)state;
    for (int k = 0; k < TABLES; k++) {
        for (int part = 0; part < EACH; part++) {
            for (int i = 0; i < NUMBERS; i++) {
                const int magnitude = i & 0x7fff, next = magnitude + 1;
                const double from = half_decode(XENT_F16, (uint16_t)magnitude);
                const double to = next == INFINITE ? 0x1p16 : half_decode(XENT_F16, (uint16_t)next);
                const float middle = (float)((from + to) / 2);
                const float x[EACH] = { (float)from, middle, nextafterf(middle, 0), nextafterf(middle, INFINITY) };
                reals[i] = magnitude >= INFINITE ? (float)from : i == magnitude ? x[part] : -x[part];
            }
            tables[k]->f16->store(reals, halves, NUMBERS);
            for (int i = 0; i < NUMBERS; i++)
                if (halves[i] != half_encode(XENT_F16, (double)reals[i]))
                    fail_msg("table %d rounds %a to 0x%04x", k, (double)reals[i], (unsigned)halves[i]);
        }
    }
}

static void the_better_table_is_chosen(void **state)
{
    (void)state;
    assert_ptr_equal(xent_dispatch_find("avx2"), &xent_kernels_avx2_f16c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_problems_have_the_same_bits),
        cmocka_unit_test(every_number_is_read),
        cmocka_unit_test(every_rounding_is_to_nearest_even),
        cmocka_unit_test(the_better_table_is_chosen),
    };
    if (!xent_cpu_has_avx2_f16c()) {
        fprintf(stderr, "this CPU has no AVX2 with F16C: skipped\n");
        return CANNOT_RUN;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
