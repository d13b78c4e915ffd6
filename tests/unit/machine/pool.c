/* The library's own threads: the same bits for any number of them, in several callers at once, and in a caller that is cancelled. */
#define _GNU_SOURCE /* pthread_cancel */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/exam.h"

/* Work enough for nine threads; what THREADS share is as large as they need, and little larger. */
enum { ROWS = 300, FEW_ROWS = 170, CLASSES = 1000, CALLERS = 4, THREADS = 5 };

/* The answers of one thread. */
static struct exam alone(xent_dtype dtype, int64_t rows)
{
    struct exam e = exam_new(dtype, rows, CLASSES, false);
    expect_ok(xent_set_num_threads(1));
    exam_solve(&e);
    return e;
}

/* The first dtype with every number of threads from 2 to 9, the others with two of them each. */
static void test_any_number_of_threads(void **state)
{
    static const struct {
        xent_dtype dtype;
        int32_t first, last, step;
    } runs[] = { { XENT_F32, 2, 9, 1 }, { XENT_F64, 3, 8, 5 }, { XENT_F16, 4, 7, 3 }, { XENT_BF16, 5, 6, 1 } };
    (void)state;
    for (int64_t i = 0; i < 1 + effort(3); i++) {
        const int32_t step = i == 0 ? (int32_t)(7 / effort(7)) : runs[i].step; /* with less effort 2 and 9 threads at least */
        struct exam want = alone(runs[i].dtype, ROWS), got = exam_new(runs[i].dtype, ROWS, CLASSES, false);
        for (int32_t threads = runs[i].first; threads <= runs[i].last; threads += step) {
            expect_ok(xent_set_num_threads(threads));
            exam_solve(&got);
            if (memcmp(want.answers, got.answers, want.size) != 0) fail_msg("%d threads: other bits", (int)threads);
        }
        exam_free(&want);
        exam_free(&got);
    }
}

/* The target of a shared row is its maximum, whichever thread writes it: its entry keeps the digits that p - 1 would lose. */
static void test_confident_target(void **state)
{
    enum { LONG = 300000, PLACES = 5 };
    static const int64_t places[PLACES] = { 0, 4095, 4096, LONG / 2, LONG - 1 };
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(LONG), ROW_MAJOR), *y = tensor_new(XENT_I64, SCALAR, ROW_MAJOR);
    xent_tensor *grad = tensor_new(XENT_F32, SHAPE(LONG), ROW_MAJOR);
    (void)state;
    for (int i = 0; i < PLACES; i++) {
        double alone_entry = 0;
        tensor_set(z, places[i], 40);
        tensor_set(y, 0, (double)places[i]);
        for (int32_t threads = 1; threads <= 9; threads++) {
            expect_ok(xent_set_num_threads(threads));
            expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, NULL, grad));
            const double entry = tensor_get(grad, places[i]);
            if (threads == 1) alone_entry = entry;
            if (!(entry < 0 && entry == alone_entry)) fail_msg("%d threads: %.9g, not %.9g", (int)threads, entry, alone_entry);
        }
        tensor_set(z, places[i], 0);
    }
    tensor_free(z);
    tensor_free(y);
    tensor_free(grad);
}

/* ---- Several callers --------------------------------------------------------------------------------------------------- */

struct caller {
    pthread_t thread;
    struct exam exam;
    bool same;
};

static const struct exam *expected;

static void *call_again_and_again(void *argument)
{
    struct caller *c = argument;
    c->same = true;
    for (int64_t i = 0; i < effort(5); i++) {
        exam_solve(&c->exam);
        c->same = c->same && memcmp(c->exam.answers, expected->answers, expected->size) == 0;
    }
    return NULL;
}

static void test_several_callers(void **state)
{
    (void)state;
    struct exam want = alone(XENT_F32, FEW_ROWS);
    struct caller callers[CALLERS];
    expected = &want;
    expect_ok(xent_set_num_threads(THREADS));
    for (int i = 0; i < CALLERS; i++) {
        callers[i].exam = exam_new(XENT_F32, FEW_ROWS, CLASSES, false);
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_again_and_again, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_true(callers[i].same);
        exam_free(&callers[i].exam);
    }
    exam_free(&want);
}

#ifndef _WIN32 /* where a thread is not cancelled but by its own library */

/* A caller is cancelled where it allows that, not while others work for it. */
static void *solve_cancelled(void *argument)
{
    struct caller *c = argument;
    c->same = false;
    pthread_cancel(pthread_self());
    for (int i = 0; i < 5; i++) expect_ok(xent_softmax(c->exam.logits, 1, c->exam.logits));
    c->same = true;
    pthread_testcancel();
    return NULL;
}

static void test_cancelled_caller(void **state)
{
    (void)state;
    struct exam want = alone(XENT_F32, FEW_ROWS), got = exam_new(XENT_F32, FEW_ROWS, CLASSES, false);
    expect_ok(xent_set_num_threads(THREADS));
    for (int64_t i = 0; i < effort(5); i++) {
        struct caller caller = { .exam = exam_new(XENT_F32, FEW_ROWS, CLASSES, false) };
        void *result = NULL;
        assert_int_equal(pthread_create(&caller.thread, NULL, solve_cancelled, &caller), 0);
        assert_int_equal(pthread_join(caller.thread, &result), 0);
        assert_ptr_equal(result, PTHREAD_CANCELED);
        assert_true(caller.same);
        exam_free(&caller.exam);
    }
    exam_solve(&got); /* nobody else's pool by now */
    assert_memory_equal(got.answers, want.answers, want.size);
    exam_free(&want);
    exam_free(&got);
}

#endif

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_threads),
        cmocka_unit_test(test_confident_target),
        cmocka_unit_test(test_several_callers),
#ifndef _WIN32
        cmocka_unit_test(test_cancelled_caller),
#endif
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
