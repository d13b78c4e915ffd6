/* Which backends there are on CPUs that are not here: this program answers in place of src/dispatch/cpu.c. One scenario, one process:
   the list is made once. No kernel runs, since this CPU may not have its instructions. */
#define _GNU_SOURCE /* setenv */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dispatch/select.h"
#include "support/tensors.h"

static const struct scenario {
    bool avx2, avx512;                       /* what the CPU has */
    const char *backend;                     /* XENT_BACKEND; NULL: unset */
    const char *expected[4];                 /* xent_backends() */
    const struct xent_kernels *best, *avx2s; /* the first backend's table, and that of "avx2"; NULL: there is none */
} scenarios[] = {
    { 1, 1, NULL, { "avx512", "avx2", "scalar" }, &xent_kernels_avx512, &xent_kernels_avx2 },
    { 1, 0, NULL, { "avx2", "scalar" }, &xent_kernels_avx2, &xent_kernels_avx2 },
    { 0, 0, NULL, { "scalar" }, &xent_kernels_scalar, NULL },
    { 1, 1, "avx512", { "avx512", "avx2", "scalar" }, &xent_kernels_avx512, &xent_kernels_avx2 },
    { 1, 0, "avx512", { "avx2", "scalar" }, &xent_kernels_avx2, &xent_kernels_avx2 },
    { 0, 0, "avx512", { "scalar" }, &xent_kernels_scalar, NULL },
    { 0, 0, "avx2", { "scalar" }, &xent_kernels_scalar, NULL },
};

enum { SCENARIOS = sizeof scenarios / sizeof scenarios[0], NAMES = 3 };

static const struct scenario *now;

bool __wrap_xent_cpu_has_avx2(void);
bool __wrap_xent_cpu_has_avx512(void);
bool __wrap_xent_cpu_has_avx2(void) { return now->avx2; }
bool __wrap_xent_cpu_has_avx512(void) { return now->avx512; }

static bool is_expected(const char *name)
{
    for (int i = 0; now->expected[i] != NULL; i++)
        if (strcmp(now->expected[i], name) == 0) return true;
    return false;
}

/* "avx2, scalar" */
static void list_expected(char *text, size_t size)
{
    snprintf(text, size, "%s", now->expected[0]);
    for (int i = 1; now->expected[i] != NULL; i++) {
        strncat(text, ", ", size - strlen(text) - 1);
        strncat(text, now->expected[i], size - strlen(text) - 1);
    }
}

static void test_names_and_tables(void **state)
{
    (void)state;
    const char *const *backends = xent_backends();
    int count = 0;
    for (; backends[count] != NULL; count++) assert_string_equal(backends[count], now->expected[count]);
    assert_null(now->expected[count]);
    assert_ptr_equal(xent_dispatch_find(NULL), now->best);
    assert_ptr_equal(xent_dispatch_find("avx2"), now->avx2s);
}

/* Nothing is put in place of a backend that is built and cannot run here: the first operation says so, and writes nothing. */
static void test_environment(void **state)
{
    (void)state;
    char available[64], message[200];
    list_expected(available, sizeof available);
    if (now->backend == NULL || is_expected(now->backend)) {
        assert_string_equal(xent_backend(), now->backend == NULL ? now->expected[0] : now->backend);
        return;
    }
    assert_null(xent_backend());
    xent_tensor *z = tensor_new(XENT_F64, SHAPE(2), ROW_MAJOR), *p = tensor_of(XENT_F64, SHAPE(2), ROW_MAJOR, VALUES(7, 7));
    snprintf(message, sizeof message, "XENT_BACKEND is \"%s\", which is not usable here; available: %s", now->backend,
             available);
    expect_error(xent_softmax(z, 0, p), XENT_ERROR_UNSUPPORTED, message);
    assert_true(tensor_get(p, 0) == 7 && tensor_get(p, 1) == 7);
    tensor_free(z);
    tensor_free(p);
}

static void test_setter(void **state)
{
    (void)state;
    static const char *const names[NAMES] = { "avx512", "avx2", "scalar" };
    char available[64], message[200];
    list_expected(available, sizeof available);
    expect_ok(xent_set_backend(NULL));
    for (int i = 0; i < NAMES; i++) {
        const char *before = xent_backend();
        if (is_expected(names[i])) {
            expect_ok(xent_set_backend(names[i]));
            assert_string_equal(xent_backend(), names[i]);
            continue;
        }
        snprintf(message, sizeof message, "backend \"%s\" is not usable here; available: %s", names[i], available);
        expect_error(xent_set_backend(names[i]), XENT_ERROR_UNSUPPORTED, message);
        assert_string_equal(xent_backend(), before);
    }
}

static int run(const struct scenario *scenario)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment), /* first: the setter would take the place of the variable */
        cmocka_unit_test(test_names_and_tables),
        cmocka_unit_test(test_setter),
    };
    now = scenario;
    if ((now->backend == NULL ? unsetenv("XENT_BACKEND") : setenv("XENT_BACKEND", now->backend, 1)) != 0) abort();
    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
    int failed = 0;
    for (int i = 0; i < SCENARIOS; i++) {
        int status;
        fflush(NULL);
        const pid_t child = fork();
        if (child == 0) exit(run(&scenarios[i]));
        if (child < 0 || waitpid(child, &status, 0) != child) abort();
        failed += !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS;
    }
    if (failed != 0) fprintf(stderr, "%d scenarios failed\n", failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
