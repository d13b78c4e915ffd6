/* What the process sets: backend and threads, by setter and by environment. Each scenario runs in a process of its own, since the
   environment is read once. That every operation checks them, and when, is in errors_table.c. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/affinity.h"
#include "support/again.h"
#include "support/tensors.h"

/* One small softmax; its result is 0.5 twice, and stays 7 where the call fails. */
static xent_status compute(double *first)
{
    xent_tensor *z = tensor_new(XENT_F64, SHAPE(2), ROW_MAJOR), *p = tensor_of(XENT_F64, SHAPE(2), ROW_MAJOR, VALUES(7, 7));
    const xent_status status = xent_softmax(z, 0, p);
    *first = tensor_get(p, 0);
    tensor_free(z);
    tensor_free(p);
    return status;
}

static void expect_works(void)
{
    double first = 0;
    expect_ok(compute(&first));
    assert_true(first > 0.49 && first < 0.51);
}

static void expect_unsupported(const char *variable, const char *value)
{
    double first = 0;
    expect_error_naming(compute(&first), XENT_ERROR_UNSUPPORTED, variable, value, "available");
    assert_true(first == 7);
}

/* ---- Backends -------------------------------------------------------------------------------------------------- */

static void test_backends(void **state)
{
    (void)state;
    const char *const *backends = xent_backends();
    int scalars = 0;
    assert_non_null(backends[0]);
    assert_string_equal(xent_backend(), backends[0]);
    for (int i = 0; backends[i] != NULL; i++) {
        scalars += strcmp(backends[i], "scalar") == 0;
        for (int k = 0; k < i; k++) assert_string_not_equal(backends[k], backends[i]);
        expect_ok(xent_set_backend(backends[i]));
        assert_string_equal(xent_backend(), backends[i]);
        expect_works();
    }
    assert_int_equal(scalars, 1);
    assert_ptr_equal(xent_backends(), backends);
    expect_ok(xent_set_backend("scalar"));
    expect_error_naming(xent_set_backend("turbo"), XENT_ERROR_UNSUPPORTED, "\"turbo\"", "scalar");
    expect_error_naming(xent_set_backend(""), XENT_ERROR_UNSUPPORTED, "\"\"", "scalar");
    expect_error_naming(xent_set_backend("Scalar"), XENT_ERROR_UNSUPPORTED, "\"Scalar\"", "scalar");
    assert_string_equal(xent_backend(), "scalar");
    expect_ok(xent_set_backend(NULL));
    assert_string_equal(xent_backend(), backends[0]);
}

static void test_scalar_by_environment(void **state)
{
    (void)state;
    assert_string_equal(xent_backend(), "scalar");
    expect_works();
    expect_ok(xent_set_backend(NULL));
    assert_string_equal(xent_backend(), xent_backends()[0]);
}

static void test_empty_environment(void **state)
{
    (void)state;
    assert_string_equal(xent_backend(), xent_backends()[0]);
    assert_in_range(xent_num_threads(), 1, 4096);
    expect_works();
}

/* Nothing is silently put in place of a backend that cannot be had. */
static void test_bad_backend(void **state)
{
    (void)state;
    assert_null(xent_backend());
    expect_unsupported("XENT_BACKEND", "\"turbo\"");
    assert_non_null(strstr(xent_error_message(), "scalar"));
    assert_non_null(xent_backends()[0]);
    assert_int_equal(xent_set_backend("warp"), XENT_ERROR_UNSUPPORTED);
    assert_null(xent_backend());
    expect_ok(xent_set_num_threads(2)); /* another setter does not help */
    expect_unsupported("XENT_BACKEND", "\"turbo\"");
    expect_ok(xent_set_backend("scalar"));
    assert_string_equal(xent_backend(), "scalar");
    expect_works();
}

static void test_bad_backend_and_default(void **state)
{
    (void)state;
    expect_ok(xent_set_backend(NULL)); /* before first use: the environment's value no longer matters */
    assert_string_equal(xent_backend(), xent_backends()[0]);
    expect_works();
}

/* ---- Threads --------------------------------------------------------------------------------------------------- */

static void test_num_threads(void **state)
{
    (void)state;
    const int32_t usable = xent_num_threads();
    assert_in_range(usable, 1, affinity_count()); /* fewer where this process has a quota: machine/cpus */
    const int32_t good[] = { 1, 3, 4096 }, bad[] = { -1, 4097, INT32_MIN, INT32_MAX };
    for (int i = 0; i < 3; i++) {
        expect_ok(xent_set_num_threads(good[i]));
        assert_int_equal(xent_num_threads(), good[i]);
        expect_works();
    }
    for (int i = 0; i < 4; i++) {
        char found[16];
        snprintf(found, sizeof found, "%d", (int)bad[i]);
        expect_error_naming(xent_set_num_threads(bad[i]), XENT_ERROR_INVALID_ARGUMENT, found, "4096");
        assert_int_equal(xent_num_threads(), 4096);
    }
    expect_ok(xent_set_num_threads(0));
    assert_int_equal(xent_num_threads(), usable);
}

/* The default counts the CPUs that this process may use, not those that there are. */
static void test_one_cpu(void **state)
{
    (void)state;
    if (!affinity_keep_one()) skip();
    assert_int_equal(xent_num_threads(), 1);
}

static void test_threads_by_environment(void **state)
{
    (void)state;
    assert_int_equal(xent_num_threads(), atoi(getenv("XENT_NUM_THREADS")));
    expect_works();
    expect_ok(xent_set_num_threads(2));
    assert_int_equal(xent_num_threads(), 2);
}

/* As much of a long value as a message has. */
static void test_bad_threads(void **state)
{
    (void)state;
    char value[64];
    snprintf(value, sizeof value, "%.63s", getenv("XENT_NUM_THREADS"));
    assert_int_equal(xent_num_threads(), 0);
    expect_unsupported("XENT_NUM_THREADS", value);
    assert_int_equal(xent_set_num_threads(5000), XENT_ERROR_INVALID_ARGUMENT);
    expect_ok(xent_set_backend(NULL)); /* another setter does not help */
    expect_unsupported("XENT_NUM_THREADS", value);
    expect_ok(xent_set_num_threads(0));
    assert_in_range(xent_num_threads(), 1, 4096);
    expect_works();
}

/* ---- Many threads at once -------------------------------------------------------------------------------------- */

enum { THREADS = 4 };

struct user {
    int number;
    xent_status status;
};

/* They take turns, but by relaxed operations, which order nothing else: a race detector sees what the library leaves
   out. */
static atomic_int turn;

static void *use_first(void *argument)
{
    struct user *user = argument;
    float z[2] = { 1, 1 };
    const int64_t shape[1] = { 2 };
    xent_tensor *t = NULL;
    while (atomic_load_explicit(&turn, memory_order_relaxed) != user->number) sched_yield();
    user->status = xent_tensor_wrap(&t, XENT_F32, 1, shape, NULL, z);
    if (user->status == XENT_OK) user->status = xent_softmax(t, 0, t);
    xent_tensor_destroy(t);
    /* the message is complete, whichever thread has read the environment */
    if (user->status == XENT_ERROR_UNSUPPORTED && strstr(xent_error_message(), "\"turbo\"") == NULL)
        user->status = XENT_STATUS_FORCE_INT;
    atomic_store_explicit(&turn, user->number + 1, memory_order_relaxed);
    return NULL;
}

static void test_first_use_by_many_threads(void **state)
{
    (void)state;
    const int good = getenv("XENT_BACKEND") == NULL && getenv("XENT_NUM_THREADS") == NULL;
    const xent_status want = good ? XENT_OK : XENT_ERROR_UNSUPPORTED;
    pthread_t threads[THREADS];
    struct user users[THREADS];
    for (int i = 0; i < THREADS; i++) {
        users[i] = (struct user){ i, XENT_STATUS_FORCE_INT };
        assert_int_equal(pthread_create(&threads[i], NULL, use_first, &users[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(users[i].status, want);
}

/* ---- Scenarios ------------------------------------------------------------------------------------------------- */

/* As long as what is kept of a value for messages. */
#define ZEROS_63 "000000000000000000000000000000000000000000000000000000000000000"

static const struct scenario {
    const char *backend, *threads; /* NULL: unset */
    struct CMUnitTest test;
} scenarios[] = {
    { NULL, NULL, cmocka_unit_test(test_backends) },
    { "scalar", NULL, cmocka_unit_test(test_scalar_by_environment) },
    { "", "", cmocka_unit_test(test_empty_environment) },
    { "turbo", NULL, cmocka_unit_test(test_bad_backend) },
    { "turbo", NULL, cmocka_unit_test(test_bad_backend_and_default) },
    { NULL, NULL, cmocka_unit_test(test_num_threads) },
    { NULL, NULL, cmocka_unit_test(test_one_cpu) },
    { NULL, "1", cmocka_unit_test(test_threads_by_environment) },
    { NULL, "3", cmocka_unit_test(test_threads_by_environment) },
    { NULL, "4096", cmocka_unit_test(test_threads_by_environment) },
    { NULL, ZEROS_63 "16", cmocka_unit_test(test_threads_by_environment) },
    { NULL, ZEROS_63 "x", cmocka_unit_test(test_bad_threads) },
    { NULL, "4097", cmocka_unit_test(test_bad_threads) },
    { NULL, "-1", cmocka_unit_test(test_bad_threads) },
    { NULL, "many", cmocka_unit_test(test_bad_threads) },
    { NULL, "2x", cmocka_unit_test(test_bad_threads) },
    { NULL, "2.5", cmocka_unit_test(test_bad_threads) },
    { NULL, "99999999999999999999", cmocka_unit_test(test_bad_threads) },
    { NULL, NULL, cmocka_unit_test(test_first_use_by_many_threads) },
    { "turbo", NULL, cmocka_unit_test(test_first_use_by_many_threads) },
    { NULL, "turbo", cmocka_unit_test(test_first_use_by_many_threads) },
};

enum { SCENARIOS = sizeof scenarios / sizeof scenarios[0] };

/* This program again, from its start: a race detector does not look into a process that is merely forked. */
static int run_in_child(const char *program, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    return run_again(program, scenarios[number].backend, scenarios[number].threads, text, NULL);
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc > 1) {
        const struct CMUnitTest tests[] = { scenarios[atoi(argv[1]) % SCENARIOS].test };
        return cmocka_run_group_tests(tests, NULL, NULL);
    }
    for (int i = 0; i < SCENARIOS; i++) failed += run_in_child(argv[0], i);
    if (failed != 0) fprintf(stderr, "%d scenarios failed\n", failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
