/* xent_partial_exchange: what is refused before the caller's function is called; xent_exchange_init. What it refuses as other functions do is
   tried by contract/errors_table. */
#include <string.h>

#include "support/refusal.h"

enum { ROWS = 2, CLASSES = 40 };

static xent_tensor *logits, *target, *gradient;
static xent_shard all;
static xent_partial whole[ROWS];
static int calls;

static xent_status run(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *to)
{
    (void)user;
    (void)first;
    calls++;
    for (int64_t i = 0; i < rows; i++) to[i] = partials[i];
    return XENT_OK;
}

static xent_exchange exchange_of(void)
{
    xent_exchange e = XENT_EXCHANGE_INIT;
    e.run = run;
    calls = 0;
    return e;
}

static xent_status call(const xent_exchange *e, xent_tensor *to)
{
    return xent_partial_exchange(logits, &all, target, NULL, e, NULL, whole, to);
}

static int prepare(void **state)
{
    (void)state;
    logits = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    gradient = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    target = tensor_of(XENT_I64, SHAPE(ROWS), ROW_MAJOR, VALUES(7, 0));
    expect_ok(xent_shard_cut(CLASSES, XENT_F32, 1, 0, &all));
    return 0;
}

static int clean_up(void **state)
{
    xent_tensor *const made[] = { logits, gradient, target };
    (void)state;
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) tensor_free(made[i]);
    return 0;
}

static void refused(const xent_exchange *e, const char *message)
{
    xent_partial before[ROWS];
    memcpy(before, whole, sizeof before);
    expect_refused(call(e, gradient), XENT_ERROR_INVALID_ARGUMENT, message, gradient);
    assert_memory_equal(whole, before, sizeof before);
}

static void test_fields(void **state)
{
    const xent_exchange good = exchange_of();
    xent_exchange e = good;
    (void)state;
    refused(NULL, "exchange is NULL");
    e.run = NULL;
    refused(&e, "exchange->run is NULL");
    e = good;
    e.block_rows = -1;
    refused(&e, "exchange->block_rows is -1, expected 0 (all rows) or more");
    e = good;
    e.entropy = 2;
    refused(&e, "exchange->entropy is 2, expected 0 or 1");
    e.entropy = 1;
    refused(&e, "exchange->entropy is 1, expected 0: grad_logits is wanted");
    e = good;
    e.reserved = 3;
    refused(&e, "exchange->reserved is 3, expected 0");
    e = good;
    e.struct_size = 8;
    expect_error_naming(call(&e, gradient), XENT_ERROR_INVALID_ARGUMENT, "exchange->struct_size is 8", "sizeof(xent_exchange)");
    assert_int_equal(calls, 0);
}

static void test_arguments(void **state)
{
    const xent_exchange e = exchange_of();
    xent_partial *over = xent_tensor_data(gradient);
    (void)state;
    expect_error(xent_partial_exchange(NULL, &all, target, NULL, &e, NULL, whole, gradient), XENT_ERROR_INVALID_ARGUMENT,
                 "logits is NULL");
    expect_error(xent_partial_exchange(logits, NULL, target, NULL, &e, NULL, whole, gradient), XENT_ERROR_INVALID_ARGUMENT,
                 "shard is NULL");
    expect_error(xent_partial_exchange(logits, &all, NULL, NULL, &e, NULL, whole, gradient), XENT_ERROR_INVALID_ARGUMENT,
                 "target is NULL");
    expect_error(xent_partial_exchange(logits, &all, target, NULL, &e, NULL, NULL, gradient), XENT_ERROR_INVALID_ARGUMENT,
                 "whole is NULL");
    expect_error_naming(xent_partial_exchange(logits, &all, target, NULL, &e, NULL, over, gradient), XENT_ERROR_OVERLAP,
                        "grad_logits overlaps whole", "");
    expect_error_naming(xent_partial_exchange(logits, &all, target, NULL, &e, NULL, xent_tensor_data(logits), NULL),
                        XENT_ERROR_OVERLAP, "whole overlaps logits", "");
    assert_int_equal(calls, 0);
}

/* The shard's type is that of all ranks; logits of another one would give states that do not fit theirs. */
static void test_another_dtype(void **state)
{
    const xent_exchange e = exchange_of();
    xent_tensor *wider = tensor_new(XENT_F64, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    xent_partial before[ROWS];
    (void)state;
    memcpy(before, whole, sizeof before);
    expect_error(xent_partial_exchange(wider, &all, target, NULL, &e, NULL, whole, NULL), XENT_ERROR_DTYPE,
                 "logits has dtype F64, expected F32, shard->dtype");
    assert_int_equal(calls, 0);
    assert_memory_equal(whole, before, sizeof before);
    tensor_free(wider);
}

static void test_init(void **state)
{
    static const xent_exchange want = XENT_EXCHANGE_INIT; /* whose padding, where there is any, is 0 */
    struct {
        xent_exchange exchange;
        char behind[8];
    } got, untouched;
    (void)state;
    xent_exchange_init(NULL, sizeof want);
    memset(&got, 85, sizeof got);
    untouched = got;
    xent_exchange_init(&got.exchange, sizeof want - 1);
    assert_memory_equal(&got, &untouched, sizeof got);
    xent_exchange_init(&got.exchange, sizeof want);
    assert_memory_equal(&got.exchange, &want, sizeof want);
    assert_memory_equal(got.behind, untouched.behind, sizeof got.behind);
    xent_exchange_init(&got.exchange, sizeof got);
    assert_true(got.exchange.struct_size == sizeof got);
    for (size_t i = 0; i < sizeof got.behind; i++) assert_int_equal(got.behind[i], 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_fields), cmocka_unit_test(test_arguments),
                                               cmocka_unit_test(test_another_dtype), cmocka_unit_test(test_init) };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
