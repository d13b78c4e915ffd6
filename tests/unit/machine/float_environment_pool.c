/* The floating-point environment of the library's threads, which begin with that of the call that starts them; and where a caller's
 * parallel_for runs the tasks: that of its threads does not reach the results and is left
 * alone; fn itself runs in its caller's, and what it does to that reaches neither the results nor the caller. */
#define _GNU_SOURCE /* feenableexcept */
#include <fenv.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/exam.h"

#if defined __SSE2__
#include <xmmintrin.h>
#endif

#if defined FE_UPWARD && defined FE_DOWNWARD

enum { EXAMS = 4, THREADS = 4 };
static int taken = EXAMS;
static struct exam exams[EXAMS];
static unsigned char *answers[EXAMS];

/* Rows that tasks have for themselves, and rows that they share: there the library goes on between two calls of fn. Smaller ones would be
   no work for several tasks; slow machines take one of each kind. */
static int prepare(void **state)
{
    static const int64_t rows[EXAMS] = { 135, 3, 135, 3 }, classes[EXAMS] = { 1000, 50000, 1000, 50000 };
    static const xent_dtype dtypes[EXAMS] = { XENT_F32, XENT_F64, XENT_F64, XENT_F32 };
    (void)state;
    if (xent_set_num_threads(1) != XENT_OK) return 1;
    taken = effort(EXAMS) > 2 ? (int)effort(EXAMS) : 2;
    for (int i = 0; i < taken; i++) {
        exams[i] = exam_new(dtypes[i], rows[i], classes[i], false);
        exam_solve(&exams[i]);
        answers[i] = malloc(exams[i].size);
        if (answers[i] == NULL) return 1;
        memcpy(answers[i], exams[i].answers, exams[i].size);
    }
    return xent_set_num_threads(THREADS) != XENT_OK;
}

static int clean_up(void **state)
{
    (void)state;
    for (int i = 0; i < taken; i++) {
        exam_free(&exams[i]);
        free(answers[i]);
    }
    return 0;
}

static void check_same_bits(xent_parallel_for fn, void *user)
{
    for (int i = 0; i < taken; i++) {
        expect_ok(xent_set_parallel_for(fn, user));
        exam_solve(&exams[i]);
        expect_ok(xent_set_parallel_for(NULL, NULL));
        if (memcmp(answers[i], exams[i].answers, exams[i].size) != 0) fail_msg("other bits in exam %d", i);
    }
}

/* Rounding, subnormal numbers and traps are the caller's, on a thread that it never sees too. The first call starts the threads. */
static void test_threads_of_the_library(void **state)
{
    static const int modes[] = { FE_UPWARD, FE_DOWNWARD, FE_TONEAREST };
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        feclearexcept(FE_ALL_EXCEPT);
        assert_int_equal(fesetround(modes[i]), 0);
#if defined __SSE2__
        const unsigned before = _mm_getcsr();
        _mm_setcsr(before | 0x8040); /* subnormals are flushed and taken as zero */
#endif
#if defined __GLIBC__
        const int trapping = feenableexcept(FE_ALL_EXCEPT) != -1;
#endif
        for (int k = 0; k < taken; k++) exam_solve(&exams[k]);
        const int mode = fegetround(), raised = fetestexcept(FE_ALL_EXCEPT);
#if defined __GLIBC__
        if (trapping) fedisableexcept(FE_ALL_EXCEPT);
#endif
#if defined __SSE2__
        const unsigned after = _mm_getcsr();
        _mm_setcsr(before);
        assert_int_equal(after & 0x8040, 0x8040);
#endif
        fesetround(FE_TONEAREST);
        assert_int_equal(mode, modes[i]);
        assert_int_equal(raised, 0);
        for (int k = 0; k < taken; k++) assert_memory_equal(answers[k], exams[k].answers, exams[k].size);
    }
}

/* A task leaves the thread of a caller's pool as it found it. */
static void run_rounding_up(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    int *changed = user;
    for (int64_t i = 0; i < n; i++) {
        feclearexcept(FE_ALL_EXCEPT);
        fesetround(FE_UPWARD);
        body(ctx, i);
        *changed += fegetround() != FE_UPWARD || fetestexcept(FE_ALL_EXCEPT) != 0;
    }
    fesetround(FE_TONEAREST);
}

static void test_thread_of_a_pool(void **state)
{
    (void)state;
    int changed = 0;
    check_same_bits(run_rounding_up, &changed);
    assert_int_equal(changed, 0);
}

/* Leaves the calling thread another control word and flags. */
static void run_and_leave_traces(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    const int *mode = user;
    for (int64_t i = 0; i < n; i++) body(ctx, i);
    fesetround(*mode);
#if defined __SSE2__
    _mm_setcsr(_mm_getcsr() | 0x8040); /* subnormals are flushed and taken as zero */
#endif
    feraiseexcept(FE_INVALID);
}

static void test_fn_leaves_traces(void **state)
{
    static const int modes[] = { FE_UPWARD, FE_TONEAREST };
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        int mode = modes[i];
        feclearexcept(FE_ALL_EXCEPT);
        check_same_bits(run_and_leave_traces, &mode);
        assert_int_equal(fegetround(), FE_TONEAREST);
        assert_int_equal(fetestexcept(FE_ALL_EXCEPT), 0);
#if defined __SSE2__
        assert_int_equal(_mm_getcsr() & 0x8040, 0);
#endif
    }
}

/* What fn finds at each call, though the last one has left something else. */
struct found {
    int calls, foreign;
};

static void run_and_look(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    struct found *found = user;
    found->calls++;
    found->foreign += fegetround() != FE_DOWNWARD || fetestexcept(FE_ALL_EXCEPT) != FE_DIVBYZERO;
    for (int64_t i = 0; i < n; i++) body(ctx, i);
    fesetround(FE_UPWARD);
    feraiseexcept(FE_INVALID);
}

static void test_fn_runs_in_its_callers(void **state)
{
    struct found found = { 0, 0 };
    (void)state;
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_DIVBYZERO);
    assert_int_equal(fesetround(FE_DOWNWARD), 0);
    check_same_bits(run_and_look, &found);
    const int mode = fegetround(), raised = fetestexcept(FE_ALL_EXCEPT);
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    assert_int_equal(mode, FE_DOWNWARD);
    assert_int_equal(raised, FE_DIVBYZERO);
    assert_true(found.calls > 0);
    assert_int_equal(found.foreign, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_of_the_library),
        cmocka_unit_test(test_thread_of_a_pool),
        cmocka_unit_test(test_fn_leaves_traces),
        cmocka_unit_test(test_fn_runs_in_its_callers),
    };
    require_backend();
    return cmocka_run_group_tests(tests, prepare, clean_up);
}

#else

int main(void) { return 77; } /* one rounding mode */

#endif
