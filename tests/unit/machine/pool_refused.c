/* The system gives fewer threads than a call wants, or none: it computes with those there are. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/exam.h"

enum { ROWS = 400, CLASSES = 1000, THREADS = 5 };

static int allowed, started, refused;
static bool watch_refused, attributes_refused;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __real_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

int __real_pthread_attr_init(pthread_attr_t *attributes);
int __wrap_pthread_attr_init(pthread_attr_t *attributes);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    if (started == allowed) {
        refused++;
        return EAGAIN;
    }
    started++;
    return __real_pthread_create(thread, attributes, start, argument);
}

int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return watch_refused ? ENOMEM : __real_pthread_atfork(prepare, parent, child);
}

int __wrap_pthread_attr_init(pthread_attr_t *attributes)
{
    return attributes_refused ? ENOMEM : __real_pthread_attr_init(attributes);
}

static void check_bits(const struct exam *want)
{
    struct exam got = exam_new(XENT_F32, ROWS, CLASSES, false);
    exam_solve(&got);
    assert_memory_equal(got.answers, want->answers, want->size);
    exam_free(&got);
}

/* A child that could not be told to forget the threads would wait for them: there are none. In a child, since it is asked once. */
static void test_forks_cannot_be_watched(void **state)
{
    const struct exam *want = *state;
    const pid_t child = fork();
    int status = 0;
    assert_true(child >= 0);
    if (child == 0) {
        watch_refused = true;
        allowed = THREADS;
        check_bits(want);
        _exit(started == 0 && refused == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What describes a thread may need memory. */
static void test_no_attributes(void **state)
{
    allowed = THREADS;
    attributes_refused = true;
    check_bits(*state);
    attributes_refused = false;
    assert_int_equal(started, 0);
}

static void test_no_thread(void **state)
{
    allowed = 0;
    check_bits(*state);
    assert_int_equal(started, 0);
    assert_true(refused > 0);
}

/* When the system gives more again, they are taken, and no more than are wanted. */
static void test_fewer_threads(void **state)
{
    for (allowed = 1; allowed < THREADS + 2; allowed++) {
        check_bits(*state);
        assert_int_equal(started, allowed < THREADS - 1 ? allowed : THREADS - 1);
    }
}

int main(void)
{
    struct exam want = exam_new(XENT_F32, ROWS, CLASSES, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_forks_cannot_be_watched, &want),
        cmocka_unit_test_prestate(test_no_attributes, &want),
        cmocka_unit_test_prestate(test_no_thread, &want),
        cmocka_unit_test_prestate(test_fewer_threads, &want),
    };
    int failures;
    if (xent_set_num_threads(1) != XENT_OK) return 1;
    exam_solve(&want);
    if (xent_set_num_threads(THREADS) != XENT_OK) return 1;
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    exam_free(&want);
    return failures;
}
