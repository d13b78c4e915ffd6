/* The child of a fork: the library's own threads, of which it starts its own, between calls of the parent and in the middle of one,
 * whichever thread forks; and parallel_for, which another thread of the parent was just setting. */
#define _GNU_SOURCE /* alarm, fork */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/exam.h"

enum { ROWS = 170, CLASSES = 1000, THREADS = 5 }; /* work enough for so many threads, and little more */

/* The answers of one thread. */
static struct exam alone(xent_dtype dtype)
{
    struct exam e = exam_new(dtype, ROWS, CLASSES, false);
    expect_ok(xent_set_num_threads(1));
    exam_solve(&e);
    return e;
}

/* A child of a process with threads starts some of its own, which qemu-user does not always do for it. */
static void skip_under_an_emulator(void)
{
    const char *emulator = getenv("XENT_TEST_EMULATOR");
    if (emulator == NULL || *emulator == '\0') return;
    print_message("an emulator may not start threads in the child of a fork, with libxent or without: skipped\n");
    skip();
}

static void run_in_order(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    (void)user;
    for (int64_t i = 0; i < n; i++) body(ctx, i);
}

/* The same once as the parent has left it, and once where the child has set parallel_for itself. */
static void solve_in_child(struct exam *e, const struct exam *want)
{
    pid_t child = fork();
    int status = 0;
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60); /* a child that waits for its parent's threads would wait forever */
        exam_solve(e);
        if (memcmp(e->answers, want->answers, want->size) != 0) _exit(1);
        xent_set_parallel_for(run_in_order, NULL);
        exam_solve(e);
        _exit(memcmp(e->answers, want->answers, want->size) == 0 ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail_msg("the child ended with status %#x", (unsigned)status);
}

static void test_after_fork(void **state)
{
    (void)state;
    skip_under_an_emulator();
    struct exam want = alone(XENT_F32), got = exam_new(XENT_F32, ROWS, CLASSES, false);
    expect_ok(xent_set_num_threads(THREADS));
    exam_solve(&got);
    solve_in_child(&got, &want);
    exam_solve(&got); /* the parent's threads are still there */
    assert_memory_equal(got.answers, want.answers, want.size);
    exam_free(&want);
    exam_free(&got);
}

static atomic_bool stop_calling;

static void *call_until_stopped(void *argument)
{
    struct exam *e = argument;
    while (!atomic_load(&stop_calling)) exam_solve(e);
    return NULL;
}

/* While another thread is in the middle of a job, whose end the child never sees. Not where the address sanitizer allocates: a
   child of its own finds the allocator as that thread has left it. */
static void test_fork_during_a_job(void **state)
{
    (void)state;
    if (has_address_sanitizer()) skip();
    skip_under_an_emulator();
    struct exam want = alone(XENT_F32), got = exam_new(XENT_F32, ROWS, CLASSES, false);
    struct exam busy = exam_new(XENT_F64, ROWS, CLASSES, false);
    pthread_t thread;
    expect_ok(xent_set_num_threads(THREADS));
    atomic_store(&stop_calling, false);
    assert_int_equal(pthread_create(&thread, NULL, call_until_stopped, &busy), 0);
    for (int64_t i = 0; i < effort(5); i++) solve_in_child(&got, &want);
    atomic_store(&stop_calling, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    exam_free(&want);
    exam_free(&got);
    exam_free(&busy);
}

/* ---- Several threads that fork ------------------------------------------------------------------------------------------ */

enum { FORKERS = 3 };

struct forker {
    pthread_t thread;
    struct exam exam;
    int bad; /* the first status of a child that is none of success */
};

static const struct exam *expected;

/* cmocka's assertions are for the thread of the test. */
static void *fork_again_and_again(void *argument)
{
    struct forker *f = argument;
    for (int64_t i = 0; i < effort(5) && f->bad == 0; i++) {
        const pid_t child = fork();
        int status = -1;
        if (child == 0) {
            alarm(60);
            exam_solve(&f->exam);
            _exit(memcmp(f->exam.answers, expected->answers, expected->size) != 0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) f->bad = status == 0 ? -1 : status;
        exam_solve(&f->exam);
        if (memcmp(f->exam.answers, expected->answers, expected->size) != 0) f->bad = -2;
    }
    return NULL;
}

/* While the test's own thread is in the middle of jobs too: whoever has the pool, each child has one of its own. */
static void test_fork_from_several_threads(void **state)
{
    (void)state;
    if (has_address_sanitizer()) skip();
    skip_under_an_emulator();
    struct exam want = alone(XENT_F32), busy = exam_new(XENT_F64, ROWS, CLASSES, false);
    struct forker forkers[FORKERS];
    expected = &want;
    expect_ok(xent_set_num_threads(THREADS));
    for (int i = 0; i < FORKERS; i++) {
        forkers[i] = (struct forker){ .exam = exam_new(XENT_F32, ROWS, CLASSES, false) };
        assert_int_equal(pthread_create(&forkers[i].thread, NULL, fork_again_and_again, &forkers[i]), 0);
    }
    for (int64_t i = 0; i < effort(5); i++) exam_solve(&busy);
    for (int i = 0; i < FORKERS; i++) {
        assert_int_equal(pthread_join(forkers[i].thread, NULL), 0);
        if (forkers[i].bad != 0) fail_msg("a child ended with status %#x", (unsigned)forkers[i].bad);
        exam_free(&forkers[i].exam);
    }
    exam_free(&want);
    exam_free(&busy);
}

/* ---- While parallel_for is set ------------------------------------------------------------------------------------------- */

static void *set_until_stopped(void *user)
{
    while (!atomic_load(&stop_calling)) xent_set_parallel_for(run_in_order, user);
    return NULL;
}

/* While another thread is in the middle of setting parallel_for, which it never finishes in the child. */
static void test_fork_while_parallel_for_is_set(void **state)
{
    (void)state;
    if (has_address_sanitizer()) skip();
    skip_under_an_emulator();
    struct exam want = alone(XENT_F32), got = exam_new(XENT_F32, ROWS, CLASSES, false);
    pthread_t thread;
    expect_ok(xent_set_num_threads(THREADS));
    atomic_store(&stop_calling, false);
    assert_int_equal(pthread_create(&thread, NULL, set_until_stopped, &got), 0);
    for (int64_t i = 0; i < 5 + effort(15); i++) solve_in_child(&got, &want);
    atomic_store(&stop_calling, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect_ok(xent_set_parallel_for(NULL, NULL));
    exam_free(&want);
    exam_free(&got);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_fork),
        cmocka_unit_test(test_fork_during_a_job),
        cmocka_unit_test(test_fork_from_several_threads),
        cmocka_unit_test(test_fork_while_parallel_for_is_set),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
