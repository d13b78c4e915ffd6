/* Calls do not wait for a thread that is stopped in the middle of xent_set_parallel_for, as the scheduler may stop one: not even a call
 * of higher real-time priority, which would wait for ever. */
#define _GNU_SOURCE /* alarm, pthread_kill, pipe */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "support/effort.h"
#include "support/tensors.h"

static atomic_bool over;
static int stopped[2], go_on[2]; /* pipes: from the writer when it stops, and to it */
static int users[2];

static void run_in_order(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    (void)user;
    for (int64_t i = 0; i < n; i++) body(ctx, i);
}

static void *keep_setting(void *unused)
{
    for (int i = 0; !atomic_load(&over); i = !i) xent_set_parallel_for(run_in_order, &users[i]);
    return unused;
}

/* Wherever the writer is, it stays there. */
static void stop_here(int signal_number)
{
    char byte = (char)signal_number;
    if (write(stopped[1], &byte, 1) != 1 || read(go_on[0], &byte, 1) != 1) _exit(1);
}

static void test_writer_is_stopped(void **state)
{
    struct sigaction action = { .sa_handler = stop_here };
    pthread_t writer;
    (void)state;
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(3), ROW_MAJOR);
    assert_int_equal(pipe(stopped), 0);
    assert_int_equal(pipe(go_on), 0);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(pthread_create(&writer, NULL, keep_setting, NULL), 0);
    alarm(60); /* a call that waits for the writer would wait forever */
    for (int64_t i = 0; i < 50 + effort(150); i++) {
        char byte = 0;
        assert_int_equal(pthread_kill(writer, SIGUSR1), 0);
        assert_int_equal(read(stopped[0], &byte, 1), 1);
        expect_ok(xent_softmax(z, 0, z));
        assert_int_equal(write(go_on[1], &byte, 1), 1);
    }
    alarm(0);
    atomic_store(&over, true);
    assert_int_equal(pthread_join(writer, NULL), 0);
    tensor_free(z);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_writer_is_stopped) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
