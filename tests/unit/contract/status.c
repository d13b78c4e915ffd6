/* What the library says of itself: its versions, the names of statuses, and each thread's message of its last failure. */
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support/expect.h"
#include "support/tensors.h"

static void test_version(void **state)
{
    (void)state;
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", XENT_VERSION_MAJOR, XENT_VERSION_MINOR, XENT_VERSION_PATCH);
    assert_string_equal(XENT_VERSION_STRING, text);
    assert_string_equal(xent_version(), text);
    assert_int_equal(xent_version_number(), 10000 * XENT_VERSION_MAJOR + 100 * XENT_VERSION_MINOR + XENT_VERSION_PATCH);
    assert_int_equal(XENT_VERSION_NUMBER, xent_version_number());
    assert_int_equal(xent_numerics_version(), 1);
}

static void test_status_names(void **state)
{
    (void)state;
    static const char *const names[] = { "XENT_OK",
                                         "XENT_ERROR_INVALID_ARGUMENT",
                                         "XENT_ERROR_SHAPE",
                                         "XENT_ERROR_DTYPE",
                                         "XENT_ERROR_TARGET",
                                         "XENT_ERROR_OVERLAP",
                                         "XENT_ERROR_OVERFLOW",
                                         "XENT_ERROR_NO_MEMORY",
                                         "XENT_ERROR_UNSUPPORTED",
                                         "XENT_ERROR_COMMUNICATION" };
    for (int i = 0; i < 10; i++) assert_string_equal(xent_status_name((xent_status)i), names[i]);
    const int outside[] = { -1, 10, 1000, XENT_STATUS_FORCE_INT };
    for (int i = 0; i < 4; i++) assert_string_equal(xent_status_name((xent_status)outside[i]), "unknown");
}

static void *fail_elsewhere(void *message)
{
    if (strcmp(xent_error_message(), "") != 0) return NULL; /* a new thread has not failed yet */
    if (xent_softmax(NULL, 0, NULL) != XENT_ERROR_INVALID_ARGUMENT) return NULL;
    if (xent_set_num_threads(2) != XENT_OK) return NULL;
    strncpy(message, xent_error_message(), 255);
    return message;
}

static void test_message(void **state)
{
    (void)state;
    char other[256] = "";
    void *answer;
    pthread_t thread;
    assert_string_equal(xent_error_message(), "");
    expect_ok(xent_set_num_threads(2));
    assert_string_equal(xent_error_message(), "");
    assert_int_equal(xent_set_num_threads(5000), XENT_ERROR_INVALID_ARGUMENT);
    char mine[256];
    strncpy(mine, xent_error_message(), sizeof mine - 1);
    assert_non_null(strstr(mine, "5000"));
    expect_ok(xent_set_num_threads(2)); /* successes leave it */
    assert_string_equal(xent_error_message(), mine);
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, other), 0);
    assert_int_equal(pthread_join(thread, &answer), 0);
    assert_ptr_equal(answer, other);
    assert_string_equal(other, "z is NULL");
    assert_string_equal(xent_error_message(), mine);
}

static void expect_number(double value, const char *text)
{
    xent_options options = XENT_OPTIONS_INIT;
    double divisor;
    char message[96];
    xent_tensor *y = tensor_new(XENT_I64, SHAPE(1), ROW_MAJOR);
    options.z_loss = value;
    snprintf(message, sizeof message, "options->z_loss is %s, expected a finite number >= 0", text);
    expect_error(xent_mean_divisor(y, &options, &divisor), XENT_ERROR_INVALID_ARGUMENT, message);
    tensor_free(y);
}

/* As few digits as read back. */
static void test_numbers(void **state)
{
    (void)state;
    expect_number(-0.1, "-0.1");
    expect_number(-9007199254740991.0, "-9007199254740991");
    expect_number(-0.30000000000000004, "-0.30000000000000004");
    expect_number(-1e23, "-1e+23");
    expect_number(-INFINITY, "-inf");
}

/* A locale whose numbers have a comma, if the system has one. */
static void test_numbers_in_a_locale(void **state)
{
    static const char *const with_comma[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8", "de_DE", "fr_FR" };
    int found = 0;
    (void)state;
    for (int i = 0; i < 5; i++) {
        if (setlocale(LC_NUMERIC, with_comma[i]) == NULL || strcmp(localeconv()->decimal_point, ".") == 0) continue;
        found++;
        expect_number(-0.25, "-0.25");
        expect_number(-0.30000000000000004, "-0.30000000000000004");
        expect_number(-1.5e-300, "-1.5e-300");
    }
    setlocale(LC_NUMERIC, "C");
    if (found == 0) skip();
}

/* The most digits and separators that shapes may have stand in a message whole. */
static void test_longest_shapes(void **state)
{
    static float element;
    const int64_t last = PTRDIFF_MAX / 20000000;
    const int64_t shape[8] = { 10, 10, 10, 10, 10, 10, 10, last }, other[8] = { 10, 10, 10, 10, 10, 10, 10, last - 1 };
    char message[256];
    (void)state;
    xent_tensor *z = tensor_over(XENT_F16, 8, shape, &element), *p = tensor_over(XENT_F16, 8, other, &element);
    snprintf(message, sizeof message,
             "p has shape (10, 10, 10, 10, 10, 10, 10, %lld), expected (10, 10, 10, 10, 10, 10, 10, %lld), that of z",
             (long long)(last - 1), (long long)last);
    expect_error(xent_softmax(z, 0, p), XENT_ERROR_SHAPE, message);
    xent_tensor_destroy(p);
    xent_tensor_destroy(z);
}

static void test_set_message(void **state)
{
    (void)state;
    char longest[300];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    xent_set_error_message("rank 3: logits is NULL");
    assert_string_equal(xent_error_message(), "rank 3: logits is NULL");
    xent_set_error_message(xent_error_message() + strlen("rank 3: "));
    assert_string_equal(xent_error_message(), "logits is NULL");
    xent_set_error_message(longest);
    assert_int_equal(strlen(xent_error_message()), 255);
    assert_memory_equal(xent_error_message(), longest, 255);
    xent_set_error_message(NULL);
    assert_string_equal(xent_error_message(), "");
    assert_int_equal(xent_softmax(NULL, 0, NULL), XENT_ERROR_INVALID_ARGUMENT);
    assert_string_equal(xent_error_message(), "z is NULL");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message), /* first: nothing has failed yet */
        cmocka_unit_test(test_version),     cmocka_unit_test(test_status_names),
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_numbers_in_a_locale),
        cmocka_unit_test(test_set_message), cmocka_unit_test(test_longest_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
