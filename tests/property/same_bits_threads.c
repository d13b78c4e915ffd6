/* The same bits on any number of threads, the library's own or a caller's: random batches of few long rows, whose chunks the threads
   share, with any options, of any dtype, in any layout, in place and not. Prints the seed; `same_bits_threads <seed>` runs that one
   again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/expect.h"
#include "support/problem.h"

enum { PROBLEMS = 132, MOST_THREADS = 9, TEXT = 400 };

static uint64_t seed = 1;
static int64_t shared; /* calls whose rows were shared */

/* A caller's pool that runs the tasks one after another, the last one first. */
static void run_reversed(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    ++*(int *)user;
    for (int64_t i = n; i-- > 0;) body(ctx, i);
}

static const int64_t batches[][2] = { { 1, 300000 }, { 2, 70000 }, { 3, 20000 },  { 1, 140000 }, { 2, 140001 }, { 3, 100000 },
                                      { 5, 80000 },  { 7, 90011 }, { 4, 131073 }, { 9, 49153 },  { 40, 4097 } };
enum { BATCHES = sizeof batches / sizeof batches[0] };

static struct problem draw(int64_t number)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    struct problem p = {
        .op = (enum op)(number % OPS), .dtype = dtypes[number / OPS % 4], .any_dtype = 1, .row_weights = 1, .converts = 1
    };
    struct random r = random_stream(seed, (uint64_t)number);
    const int64_t *batch = batches[random_below(&r, BATCHES)];
    problem_draw_batch(&p, batch, &r);
    return p;
}

static struct answer solve(const struct problem *p, int32_t threads)
{
    char text[TEXT];
    expect_ok(xent_set_num_threads(threads));
    struct answer a = problem_solve(p);
    problem_text(p, text, sizeof text);
    if (a.status != XENT_OK || a.stray)
        fail_msg("%d threads: %s: %s (seed %" PRIu64 ")", (int)threads, text,
                 a.stray ? "wrote beside the output" : xent_error_message(), seed);
    return a;
}

static void expect_same(const struct problem *p, int32_t threads, const struct answer *want, const char *whose)
{
    struct answer got = solve(p, threads);
    char text[TEXT];
    problem_text(p, text, sizeof text);
    if (got.size != want->size || memcmp(got.bytes, want->bytes, want->size) != 0)
        fail_msg("%d %s: other bits: %s (seed %" PRIu64 ", values %" PRIu64 ")", (int)threads, whose, text, seed, p->seed);
    answer_free(&got);
}

static void long_rows_have_the_same_bits(void **state)
{
    (void)state;
    const int64_t problems = effort(PROBLEMS);
    for (int64_t i = 0; i < problems; i++) {
        struct problem p = draw(i);
        const int32_t threads = 2 + (int32_t)(i % (MOST_THREADS - 1)), tasks = 2 + (int32_t)(i / 3 % (MOST_THREADS - 1));
        struct answer want = solve(&p, 1);
        int calls = 0;
        expect_same(&p, threads, &want, "threads");
        expect_ok(xent_set_parallel_for(run_reversed, &calls));
        expect_same(&p, tasks, &want, "tasks of a caller");
        expect_ok(xent_set_parallel_for(NULL, NULL));
        shared += calls == 2;
        p.in_place = p.in_place ? 0 : problem_places(&p);
        expect_same(&p, threads, &want, "threads, in place or not");
        answer_free(&want);
    }
    printf("seed %" PRIu64 ": %" PRId64 " problems, rows shared in two passes in %" PRId64 "\n", seed, problems, shared);
    if (problems >= OPS) assert_true(shared > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_rows_have_the_same_bits),
    };
    require_backend();
    if (argc > 1) seed = strtoull(argv[1], NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
