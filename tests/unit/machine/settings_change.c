/* Settings that change while others compute: the same bits, a call ends with the settings that it began with, and parallel_for and its
 * user change together. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "support/effort.h"
#include "support/exam.h"

enum { CALLERS = 2, ROWS = 300, CLASSES = 1000, LONG = 300000, MAX_THREADS = 9 };

static atomic_int wrong; /* what setters, getters and calls of parallel_for have been other than they should */

static void note(bool right) { atomic_fetch_add(&wrong, !right); }

/* Two functions for parallel_for; the user of each is the place where its calls are counted. */
static atomic_int calls[2];

static void run(int which, void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    note(user == &calls[which]);
    atomic_fetch_add(&calls[which], 1);
    for (int64_t i = n; i-- > 0;) body(ctx, i);
}

static void run_first(void *user, int64_t n, xent_parallel_body body, void *ctx) { run(0, user, n, body, ctx); }
static void run_second(void *user, int64_t n, xent_parallel_body body, void *ctx) { run(1, user, n, body, ctx); }

static int backends(void)
{
    int count = 0;
    while (xent_backends()[count] != NULL) count++;
    return count;
}

/* ---- From other threads ------------------------------------------------------------------------------------------- */

static atomic_bool over;

static void *set_backend(void *unused)
{
    for (int i = 0; !atomic_load(&over); i = (i + 1) % backends()) {
        note(xent_set_backend(xent_backends()[i]) == XENT_OK);
        note(xent_backend() != NULL);
    }
    return unused;
}

static void *set_num_threads(void *unused)
{
    for (int32_t n = 1; !atomic_load(&over); n = n % MAX_THREADS + 1) {
        note(xent_set_num_threads(n) == XENT_OK);
        note(xent_num_threads() >= 1 && xent_num_threads() <= MAX_THREADS);
    }
    return unused;
}

static void *set_parallel_for(void *unused)
{
    while (!atomic_load(&over)) {
        note(xent_set_parallel_for(run_first, &calls[0]) == XENT_OK);
        note(xent_set_parallel_for(NULL, NULL) == XENT_OK);
        note(xent_set_parallel_for(run_second, &calls[1]) == XENT_OK);
    }
    return unused;
}

struct caller {
    pthread_t thread;
    struct exam exam;
    const struct exam *expected;
    int different;
};

static void *compute(void *argument)
{
    struct caller *caller = argument;
    for (int64_t i = 0; i < 2 + effort(6); i++) {
        exam_solve(&caller->exam);
        if (memcmp(caller->exam.answers, caller->expected->answers, caller->exam.size) != 0) caller->different++;
    }
    return NULL;
}

static void test_others_compute(void **state)
{
    static void *(*const setters[])(void *) = { set_backend, set_num_threads, set_parallel_for };
    enum { SETTERS = sizeof setters / sizeof setters[0] };
    struct exam expected = exam_new(XENT_F32, ROWS, CLASSES, true);
    struct caller callers[CALLERS];
    pthread_t threads[SETTERS];
    (void)state;
    expect_ok(xent_set_num_threads(1));
    exam_solve(&expected);
    for (int i = 0; i < SETTERS; i++) assert_int_equal(pthread_create(&threads[i], NULL, setters[i], NULL), 0);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .exam = exam_new(XENT_F32, ROWS, CLASSES, true), .expected = &expected };
        assert_int_equal(pthread_create(&callers[i].thread, NULL, compute, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
    atomic_store(&over, true);
    for (int i = 0; i < SETTERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(callers[i].different, 0);
        exam_free(&callers[i].exam);
    }
    exam_free(&expected);
    assert_int_equal(wrong, 0);
    assert_true(calls[0] + calls[1] > 0);
}

/* ---- From inside a call ------------------------------------------------------------------------------------------- */

/* Changes every setting, then computes. Both of the call's passes come here. */
static void run_and_change(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    int64_t *tasks = user;
    tasks[tasks[0] == 0 ? 0 : 1] = n;
    note(xent_set_parallel_for(run_second, &calls[1]) == XENT_OK);
    note(xent_set_num_threads(1) == XENT_OK);
    note(xent_set_backend("scalar") == XENT_OK);
    for (int64_t i = 0; i < n; i++) body(ctx, i);
}

static void test_call_keeps_its_settings(void **state)
{
    int64_t tasks[2] = { 0 };
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(LONG), ROW_MAJOR), *out = tensor_new(XENT_F32, SHAPE(LONG), ROW_MAJOR);
    (void)state;
    expect_ok(xent_set_backend(NULL));
    expect_ok(xent_set_num_threads(4));
    expect_ok(xent_set_parallel_for(run_and_change, tasks));
    atomic_store(&wrong, 0);
    atomic_store(&calls[1], 0);
    expect_ok(xent_softmax(z, 0, out));
    assert_int_equal(tasks[0], 4);
    assert_int_equal(tasks[1], 4);
    assert_int_equal(calls[1], 0);
    assert_int_equal(wrong, 0);
    assert_string_equal(xent_backend(), "scalar");
    assert_int_equal(xent_num_threads(), 1);

    expect_ok(xent_set_num_threads(4));
    expect_ok(xent_softmax(z, 0, out)); /* the next one has what has been set */
    assert_int_equal(calls[1], 2);
    tensor_free(z);
    tensor_free(out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_others_compute),
                                               cmocka_unit_test(test_call_keeps_its_settings) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
