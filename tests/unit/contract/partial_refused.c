/* What functions of rows in parts refuse of logits of another dtype and of ranks, and what they do not: states of rows with a NaN. */
#include <math.h>

#include "support/refusal.h"

enum { ROWS = 2, CLASSES = 40 };

static xent_tensor *logits, *target, *gradient, *loss, *entropy;
static xent_shard all;
static xent_partial whole[ROWS];

static xent_status copy(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *to)
{
    (void)user;
    (void)first;
    for (int64_t i = 0; i < rows; i++) to[i] = partials[i];
    return XENT_OK;
}

/* The second row has a NaN. */
static int prepare(void **state)
{
    (void)state;
    logits = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    gradient = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    target = tensor_of(XENT_I64, SHAPE(ROWS), ROW_MAJOR, VALUES(7, 0));
    loss = tensor_new(XENT_F64, SHAPE(ROWS), ROW_MAJOR);
    entropy = tensor_new(XENT_F64, SHAPE(ROWS), ROW_MAJOR);
    tensor_set(logits, CLASSES + 3, (double)NAN);
    expect_ok(xent_shard_cut(CLASSES, XENT_F32, 1, 0, &all));
    return 0;
}

static int clean_up(void **state)
{
    xent_tensor *const made[] = { logits, gradient, target, loss, entropy };
    (void)state;
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) tensor_free(made[i]);
    return 0;
}

static void test_logits(void **state)
{
    static const char other_dtype[] = "logits has dtype F64, expected F32, shard->dtype";
    xent_exchange exchange = XENT_EXCHANGE_INIT;
    xent_tensor *wide = tensor_new(XENT_F64, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    (void)state;
    exchange.run = copy;
    expect_refused(xent_partial_grad(NULL, &all, target, NULL, whole, NULL, gradient), XENT_ERROR_INVALID_ARGUMENT,
                   "logits is NULL", gradient);
    expect_refused(xent_partial_grad(wide, &all, target, NULL, whole, NULL, gradient), XENT_ERROR_DTYPE, other_dtype, gradient);
    expect_refused(xent_partial_exchange(wide, &all, target, NULL, &exchange, NULL, whole, gradient), XENT_ERROR_DTYPE,
                   other_dtype, gradient);
    tensor_free(wide);
}

/* Where there is no target an output tells the batch shape, of which logits have an axis more. */
static void test_rank_of_an_output(void **state)
{
    xent_tensor *deep = tensor_new(XENT_F32, SHAPE(1, 1, 1, 1, 1, 1, 1, 2), ROW_MAJOR);
    xent_stats stats = XENT_STATS_INIT;
    (void)state;
    stats.lse = deep;
    expect_refused(xent_partial_finish(whole, &all, NULL, NULL, &stats, NULL), XENT_ERROR_SHAPE,
                   "the output has rank 8, expected at most 7: logits have an axis more", deep);
    tensor_free(deep);
}

static void finish(const xent_stats *stats, xent_tensor *to, const char *refusal)
{
    xent_options none = XENT_OPTIONS_INIT;
    none.reduction = XENT_REDUCTION_NONE;
    const xent_status status = xent_partial_finish(whole, &all, target, &none, stats, to);
    if (refusal == NULL)
        expect_ok(status);
    else
        expect_error(status, XENT_ERROR_INVALID_ARGUMENT, refusal);
}

/* A row of numbers lacks the value of its target where it was reduced without one. One with a NaN needs none: its loss is NaN. */
static void test_target_of_nan(void **state)
{
    xent_partial states[ROWS];
    const xent_partial *const parts[] = { states };
    (void)state;
    expect_ok(xent_partial_reduce(logits, &all, NULL, NULL, states));
    expect_ok(xent_partial_merge(1, &all, parts, ROWS, whole));
    finish(NULL, loss, "whole[0] has no value of class 7, the target: reduced with another one, or without");
    whole[0] = whole[1];
    finish(NULL, loss, NULL);
    for (int i = 0; i < ROWS; i++) assert_true(isnan(tensor_get(loss, i)));
}

/* Nor does it need the heat that an exchange has left out. */
static void test_heat_of_nan(void **state)
{
    xent_exchange exchange = XENT_EXCHANGE_INIT;
    xent_stats stats = XENT_STATS_INIT;
    (void)state;
    exchange.run = copy;
    stats.entropy = entropy;
    expect_ok(xent_partial_exchange(logits, &all, target, NULL, &exchange, NULL, whole, NULL));
    finish(&stats, NULL, "whole[0] has no heat, which its entropy is made of: exchanged without entropy");
    whole[0] = whole[1];
    finish(&stats, NULL, NULL);
    for (int i = 0; i < ROWS; i++) assert_true(isnan(tensor_get(entropy, i)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits),
        cmocka_unit_test(test_rank_of_an_output),
        cmocka_unit_test(test_target_of_nan),
        cmocka_unit_test(test_heat_of_nan),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
