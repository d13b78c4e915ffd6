/* xent_partial_exchange: which rows the caller's function gets when, what becomes of its failures. That the bits are those of
   xent_partial_reduce and xent_partial_grad is property/partial's. */
#include <fenv.h>
#include <math.h>
#include <string.h>

#include "support/refusal.h"

enum { ROWS = 5, CLASSES = 4096 + 40, MOST_CALLS = 8, NEVER = -1 };

static xent_tensor *logits, *target, *gradient, *lse, *entropy;
static xent_shard all;
static xent_partial whole[ROWS];

/* ---- An exchange with nobody, which keeps a record ------------------------------------------------------------------- */

struct record {
    int calls, fails_at, lies_at; /* calls counted from 0 */
    int64_t first[MOST_CALLS], rows[MOST_CALLS];
    float logits_then; /* the first logit's place in a gradient in place, when the first call came */
    const xent_tensor *watched;
};

static xent_status run(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *to)
{
    struct record *r = user;
    const int call = r->calls++;
    assert_true(call < MOST_CALLS);
    r->first[call] = first;
    r->rows[call] = rows;
    if (call == 0 && r->watched != NULL) r->logits_then = *(const float *)xent_tensor_const_data(r->watched);
    if (call == r->fails_at) {
        xent_set_error_message("the line is cut");
        return XENT_ERROR_COMMUNICATION;
    }
    for (int64_t i = 0; i < rows; i++) to[i] = partials[i];
    if (call == r->lies_at) to[rows - 1].argmax = CLASSES;
    return XENT_OK;
}

static xent_exchange exchange_of(struct record *r, int64_t block_rows)
{
    xent_exchange e = XENT_EXCHANGE_INIT;
    *r = (struct record){ .fails_at = NEVER, .lies_at = NEVER };
    e.run = run;
    e.user = r;
    e.block_rows = block_rows;
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
    target = tensor_of(XENT_I64, SHAPE(ROWS), ROW_MAJOR, VALUES(7, 0, -100, 4100, 9));
    lse = tensor_new(XENT_F64, SHAPE(ROWS), ROW_MAJOR);
    entropy = tensor_new(XENT_F64, SHAPE(ROWS), ROW_MAJOR);
    for (int64_t i = 0; i < ROWS * CLASSES; i++) tensor_set(logits, i, (double)(i * 7919 % 64) / 8);
    expect_ok(xent_shard_cut(CLASSES, XENT_F32, 1, 0, &all));
    return 0;
}

static int clean_up(void **state)
{
    xent_tensor *const made[] = { logits, gradient, target, lse, entropy };
    (void)state;
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) tensor_free(made[i]);
    return 0;
}

/* ---- Blocks ---------------------------------------------------------------------------------------------------------- */

static void expect_blocks(int64_t block_rows, int count, const int64_t *rows)
{
    struct record r;
    const xent_exchange e = exchange_of(&r, block_rows);
    int64_t first = 0;
    expect_ok(call(&e, gradient));
    assert_int_equal(r.calls, count + 1);
    assert_true(r.first[0] == 0 && r.rows[0] == 0);
    for (int i = 0; i < count; i++) {
        assert_int_equal(r.first[i + 1], first);
        assert_int_equal(r.rows[i + 1], rows[i]);
        first += rows[i];
    }
}

static void test_blocks(void **state)
{
    (void)state;
    expect_blocks(0, 1, (const int64_t[]){ ROWS });
    expect_blocks(INT64_MAX, 1, (const int64_t[]){ ROWS });
    expect_blocks(ROWS, 1, (const int64_t[]){ ROWS });
    expect_blocks(2, 3, (const int64_t[]){ 2, 2, 1 });
    expect_blocks(1, ROWS, (const int64_t[]){ 1, 1, 1, 1, 1 });
}

/* A shard without classes has no states, and takes part in every exchange. */
static xent_status give_nothing(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *to)
{
    int *calls = user;
    assert_null(partials);
    ++*calls;
    if (rows > 0) memcpy(to, whole + first, (size_t)rows * sizeof *to);
    return XENT_OK;
}

static void test_empty_shard_and_no_rows(void **state)
{
    const xent_shard nothing = { CLASSES, 0, CLASSES, XENT_F32, 0 };
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(ROWS, 0), ROW_MAJOR),
                *none = tensor_new(XENT_F32, SHAPE(0, CLASSES), ROW_MAJOR),
                *no_target = tensor_new(XENT_I64, SHAPE(0), ROW_MAJOR);
    xent_exchange e = XENT_EXCHANGE_INIT;
    xent_partial to[ROWS];
    struct record r;
    int calls = 0;
    (void)state;
    const xent_exchange by_two = exchange_of(&r, 2);
    expect_ok(call(&by_two, gradient));
    e.run = give_nothing;
    e.user = &calls;
    e.block_rows = 2;
    expect_ok(xent_partial_exchange(z, &nothing, target, NULL, &e, NULL, to, z));
    assert_int_equal(calls, 4);
    assert_memory_equal(to, whole, sizeof to);
    expect_error(xent_partial_exchange(z, &nothing, target, NULL, &e, NULL, NULL, z), XENT_ERROR_INVALID_ARGUMENT,
                 "whole is NULL");
    expect_ok(xent_partial_exchange(none, &all, no_target, NULL, &e, NULL, NULL, none));
    assert_int_equal(calls, 5);
    tensor_free(z);
    tensor_free(none);
    tensor_free(no_target);
}

/* ---- Failures of the caller's function --------------------------------------------------------------------------------- */

/* Before the first call nothing has been written, not even where the gradient goes in place. */
static void test_refused_to_begin(void **state)
{
    struct record r;
    xent_exchange e = exchange_of(&r, 2);
    xent_partial before[ROWS];
    (void)state;
    memset(whole, 85, sizeof whole);
    memcpy(before, whole, sizeof before);
    r.fails_at = 0;
    expect_refused(call(&e, gradient), XENT_ERROR_COMMUNICATION, "the line is cut", gradient);
    r.calls = 0;
    expect_refused(call(&e, logits), XENT_ERROR_COMMUNICATION, "the line is cut", logits);
    assert_memory_equal(whole, before, sizeof before);
}

static void test_begins_before_it_writes(void **state)
{
    struct record r;
    const xent_exchange e = exchange_of(&r, 1);
    xent_tensor *in_place = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    (void)state;
    for (int64_t i = 0; i < ROWS * CLASSES; i++) tensor_set(in_place, i, tensor_get(logits, i));
    r.watched = in_place;
    expect_ok(xent_partial_exchange(in_place, &all, target, NULL, &e, NULL, whole, in_place));
    assert_true((double)r.logits_then == tensor_get(logits, 0) && (double)r.logits_then != tensor_get(in_place, 0));
    tensor_free(in_place);
}

static void test_failure_ends_the_call(void **state)
{
    struct record r;
    xent_exchange e = exchange_of(&r, 2);
    (void)state;
    r.fails_at = 2;
    expect_error(call(&e, gradient), XENT_ERROR_COMMUNICATION, "the line is cut");
    assert_int_equal(r.calls, 3);
}

static void test_states_of_other_rows(void **state)
{
    struct record r;
    xent_exchange e = exchange_of(&r, 2);
    (void)state;
    r.lies_at = 2;
    expect_error(call(&e, gradient), XENT_ERROR_INVALID_ARGUMENT,
                 "whole[3] has argmax 4136, expected one of its classes, 0 to 4135");
    assert_int_equal(r.calls, 3);
}

/* ---- The caller's floating-point environment -------------------------------------------------------------------------- */

static xent_status round_upward(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *to)
{
    (void)user;
    (void)first;
    assert_int_equal(fegetround(), FE_DOWNWARD); /* that of the caller */
    for (int64_t i = 0; i < rows; i++) to[i] = partials[i];
    fesetround(FE_UPWARD);
    return XENT_OK;
}

static void test_rounding(void **state)
{
    struct record r;
    xent_exchange e = exchange_of(&r, 2);
    xent_tensor *want = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    (void)state;
    expect_ok(call(&e, want));
    e.run = round_upward;
    fesetround(FE_DOWNWARD);
    const xent_status status = call(&e, gradient);
    const int after = fegetround();
    fesetround(FE_TONEAREST);
    expect_ok(status);
    assert_int_equal(after, FE_DOWNWARD);
    assert_memory_equal(xent_tensor_data(gradient), xent_tensor_data(want), ROWS * CLASSES * sizeof(float));
    tensor_free(want);
}

/* ---- Entropy ----------------------------------------------------------------------------------------------------------- */

static void test_entropy(void **state)
{
    struct record r;
    xent_exchange e = exchange_of(&r, 2);
    xent_stats stats = XENT_STATS_INIT;
    double want[ROWS];
    (void)state;
    stats.entropy = entropy;
    stats.lse = lse;
    expect_ok(xent_row_stats(logits, target, NULL, &stats));
    for (int i = 0; i < ROWS; i++) want[i] = tensor_get(entropy, i);
    e.entropy = 1;
    expect_ok(call(&e, NULL));
    expect_ok(xent_partial_finish(whole, &all, target, NULL, &stats, NULL));
    for (int i = 0; i < ROWS; i++) assert_true(tensor_get(entropy, i) == want[i]);
    e.entropy = 0;
    r.calls = 0;
    expect_ok(call(&e, NULL));
    for (int i = 0; i < ROWS; i++) assert_true((isnan(whole[i].heat) != 0) == (i != 2)); /* that row is ignored */
    expect_refused(xent_partial_finish(whole, &all, target, NULL, &stats, NULL), XENT_ERROR_INVALID_ARGUMENT,
                   "whole[0] has no heat, which its entropy is made of: exchanged without entropy", entropy, lse);
    stats.entropy = NULL;
    expect_ok(xent_partial_finish(whole, &all, target, NULL, &stats, NULL));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_empty_shard_and_no_rows),
        cmocka_unit_test(test_refused_to_begin),
        cmocka_unit_test(test_begins_before_it_writes),
        cmocka_unit_test(test_failure_ends_the_call),
        cmocka_unit_test(test_states_of_other_rows),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_entropy),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
