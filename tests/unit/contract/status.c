/* What the library says of itself: its versions, the names of statuses, and each thread's message of its last failure. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support/expect.h"

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
                                         "XENT_ERROR_UNSUPPORTED" };
    for (int i = 0; i < 9; i++) assert_string_equal(xent_status_name((xent_status)i), names[i]);
    const int outside[] = { -1, 9, 1000, XENT_STATUS_FORCE_INT };
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message), /* first: nothing has failed yet */
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_status_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
