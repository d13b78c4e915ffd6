/* What the functions of rows in parts promise beside what contract/errors_table tries: what is refused of shards and states that do not
   belong together, which targets and outputs may be left out, ignored rows, empty shards, no rows. */
#include <math.h>
#include <string.h>

#include "support/refusal.h"

enum { CHUNK = 4096, ROWS = 2, CLASSES = 3 * CHUNK, PARTS = 2, MOST_STATES = 4 };

static xent_tensor *logits, *classes, *probabilities, *loss, *lse, *rank, *gradient;
static xent_shard shard[PARTS];
static xent_partial states[PARTS][ROWS * MOST_STATES], whole[ROWS];

/* ---- A batch in two shards ------------------------------------------------------------------------------------------- */

static xent_tensor *slice(const xent_tensor *t, const xent_shard *s)
{
    return tensor_strided(XENT_F32, SHAPE(ROWS, s->classes), (const int64_t[]){ CLASSES, 1 },
                          (float *)xent_tensor_data(t) + s->first);
}

static xent_status reduce(int part, const xent_tensor *target, const xent_options *options)
{
    xent_tensor *z = slice(logits, &shard[part]);
    const xent_status status = xent_partial_reduce(z, &shard[part], target, options, states[part]);
    xent_tensor_destroy(z);
    return status;
}

static xent_status merge(xent_partial *to)
{
    const xent_partial *const parts[PARTS] = { states[0], states[1] };
    return xent_partial_merge(PARTS, shard, parts, ROWS, to);
}

static int prepare(void **state)
{
    (void)state;
    logits = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    probabilities = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    gradient = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    classes = tensor_of(XENT_I64, SHAPE(ROWS), ROW_MAJOR, VALUES(7, 2 * CHUNK + 5));
    loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    lse = tensor_new(XENT_F64, SHAPE(ROWS), ROW_MAJOR);
    rank = tensor_new(XENT_I64, SHAPE(ROWS), ROW_MAJOR);
    for (int64_t i = 0; i < ROWS * CLASSES; i++) tensor_set(logits, i, (double)(i * 7919 % 64) / 8);
    for (int i = 0; i < PARTS; i++) {
        expect_ok(xent_shard_cut(CLASSES, XENT_F32, PARTS, i, &shard[i]));
        expect_ok(reduce(i, classes, NULL));
    }
    expect_ok(merge(whole));
    return 0;
}

static int clean_up(void **state)
{
    xent_tensor *const all[] = { logits, classes, probabilities, loss, lse, rank, gradient };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) tensor_free(all[i]);
    return 0;
}

/* ---- Merging what does not belong together --------------------------------------------------------------------------- */

static void merge_refused(const xent_shard *shards, const xent_partial *const *parts, xent_status status, const char *message)
{
    xent_partial to[ROWS], before[ROWS];
    memset(to, 0xA5, sizeof to);
    memcpy(before, to, sizeof to);
    expect_error(xent_partial_merge(PARTS, shards, parts, ROWS, to), status, message);
    assert_memory_equal(to, before, sizeof to);
}

static void test_wrong_order(void **state)
{
    const xent_partial *const parts[PARTS] = { states[0], states[1] }, *const swapped[PARTS] = { states[1], states[0] };
    const xent_shard late[PARTS] = { shard[1], shard[0] };
    (void)state;
    merge_refused(late, swapped, XENT_ERROR_SHAPE, "shards[0].first is 4096, expected 0, where those before it end");
    states[1][1].argmax = 9;
    merge_refused(shard, parts, XENT_ERROR_INVALID_ARGUMENT,
                  "partials[1][1] has argmax 9, expected one of its classes, 8192 to 12287");
    expect_ok(reduce(1, classes, NULL));
    states[0][1].argmax = CHUNK;
    merge_refused(shard, parts, XENT_ERROR_INVALID_ARGUMENT,
                  "partials[0][1] has argmax 4096, expected one of its classes, 0 to 4095");
    states[0][1].argmax = -1;
    merge_refused(shard, parts, XENT_ERROR_INVALID_ARGUMENT,
                  "partials[0][1] has argmax -1, expected one of its classes, 0 to 4095");
    expect_ok(reduce(0, classes, NULL));
}

static void test_shards_that_do_not_fit(void **state)
{
    const xent_partial *const parts[PARTS] = { states[0], states[1] }, *const none[PARTS] = { states[0], NULL };
    xent_shard other[PARTS] = { shard[0], shard[1] };
    (void)state;
    merge_refused(shard, none, XENT_ERROR_INVALID_ARGUMENT, "partials[1] is NULL");
    other[1].dtype = XENT_F64;
    merge_refused(other, parts, XENT_ERROR_INVALID_ARGUMENT, "shards[1].dtype is 2, expected 1, as in shards[0]");
    other[1] = shard[1];
    other[1].of++;
    merge_refused(other, parts, XENT_ERROR_INVALID_ARGUMENT, "shards[1].of is 12289, expected 12288, as in shards[0]");
    other[1] = shard[0];
    merge_refused(other, parts, XENT_ERROR_SHAPE, "shards[1].first is 0, expected 4096, where those before it end");
    other[1] = shard[1];
    other[1].classes -= CHUNK;
    merge_refused(other, parts, XENT_ERROR_SHAPE, "shards end at class 8192, expected 12288, all of the classes");
    other[1].reserved = 3;
    merge_refused(other, parts, XENT_ERROR_INVALID_ARGUMENT, "shards[1].reserved is 3, expected 0");
    expect_error(xent_partial_merge(PARTS, shard, parts, -1, NULL), XENT_ERROR_SHAPE, "rows is -1, expected >= 0");
    expect_error(xent_partial_merge(PARTS, shard, NULL, ROWS, whole), XENT_ERROR_INVALID_ARGUMENT, "partials is NULL");
    expect_error(xent_partial_merge(PARTS, shard, parts, ROWS, NULL), XENT_ERROR_INVALID_ARGUMENT, "whole is NULL");
}

/* Empty shards are no part of the row, wherever they stand and whatever the cut is. */
static void test_empty_shards(void **state)
{
    const xent_shard nothing = { 77, 0, CLASSES, XENT_F32, 0 };
    const xent_shard shards[] = { nothing, shard[0], nothing, shard[1], nothing };
    const xent_partial *const parts[] = { NULL, states[0], NULL, states[1], NULL };
    xent_tensor *z = slice(logits, &nothing), *entries = slice(gradient, &nothing);
    xent_partial to[ROWS], mark = states[0][0];
    (void)state;
    expect_ok(xent_partial_merge(5, shards, parts, ROWS, to));
    assert_memory_equal(to, whole, sizeof to);
    expect_ok(xent_partial_reduce(z, &nothing, classes, NULL, &mark));
    assert_memory_equal(&mark, &states[0][0], sizeof mark);
    expect_ok(xent_partial_reduce(z, &nothing, classes, NULL, NULL));
    expect_ok(xent_partial_grad(z, &nothing, classes, NULL, whole, NULL, entries));
    expect_ok(xent_partial_finish(whole, &nothing, classes, NULL, NULL, loss));
    xent_tensor_destroy(z);
    xent_tensor_destroy(entries);
}

static void test_no_rows(void **state)
{
    const xent_partial *const parts[PARTS] = { NULL, NULL };
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(0, CLASSES), ROW_MAJOR), *y = tensor_new(XENT_I64, SHAPE(0), ROW_MAJOR);
    const xent_shard all = { 0, CLASSES, CLASSES, XENT_F32, 0 };
    (void)state;
    expect_ok(xent_partial_reduce(z, &all, y, NULL, NULL));
    expect_ok(xent_partial_merge(PARTS, shard, parts, 0, NULL));
    expect_ok(xent_partial_finish(NULL, &all, y, NULL, NULL, loss));
    assert_true(isnan(tensor_get(loss, 0)));
    expect_ok(xent_partial_grad(z, &all, y, NULL, NULL, NULL, z));
    tensor_free(z);
    tensor_free(y);
}

/* ---- What is wanted, and of which target ----------------------------------------------------------------------------- */

static void finish_refused(const xent_tensor *target, const xent_stats *stats, xent_tensor *to, xent_status status,
                           const char *message)
{
    expect_refused(xent_partial_finish(whole, &shard[0], target, NULL, stats, to), status, message, loss, lse, rank);
}

static void test_what_is_wanted(void **state)
{
    xent_stats none = XENT_STATS_INIT, ranks = XENT_STATS_INIT, losses = XENT_STATS_INIT, sums = XENT_STATS_INIT;
    (void)state;
    ranks.rank = rank;
    losses.loss = lse;
    sums.lse = lse;
    finish_refused(classes, NULL, NULL, XENT_ERROR_INVALID_ARGUMENT,
                   "loss is NULL and stats has no member, expected at least one output");
    finish_refused(classes, &none, NULL, XENT_ERROR_INVALID_ARGUMENT,
                   "loss is NULL and stats has no member, expected at least one output");
    finish_refused(classes, &ranks, loss, XENT_ERROR_INVALID_ARGUMENT,
                   "stats->rank is wanted, expected NULL: states do not tell it");
    finish_refused(NULL, &sums, loss, XENT_ERROR_INVALID_ARGUMENT, "target is NULL");
    finish_refused(NULL, &losses, NULL, XENT_ERROR_INVALID_ARGUMENT, "target is NULL");
    expect_ok(xent_partial_finish(whole, &shard[0], NULL, NULL, &sums, NULL));
    expect_ok(xent_partial_finish(whole, &shard[0], classes, NULL, NULL, loss));
    expect_ok(xent_partial_finish(whole, &shard[0], classes, NULL, &none, loss));
    none.struct_size = 3;
    expect_error_naming(xent_partial_finish(whole, &shard[0], classes, NULL, &none, loss), XENT_ERROR_INVALID_ARGUMENT,
                        "stats->struct_size is 3");
}

/* A loss beside the statistics is told from theirs. */
static void test_outputs_that_overlap(void **state)
{
    xent_options sum = XENT_OPTIONS_INIT;
    xent_stats stats = XENT_STATS_INIT;
    (void)state;
    sum.reduction = XENT_REDUCTION_NONE;
    stats.loss = lse;
    expect_error(xent_partial_finish(whole, &shard[0], classes, &sum, &stats, lse), XENT_ERROR_OVERLAP,
                 "stats->loss overlaps loss");
}

/* No row is ignored then, and none has the value of a target. */
static void test_no_target(void **state)
{
    xent_stats stats = XENT_STATS_INIT;
    double want[ROWS];
    (void)state;
    stats.lse = lse;
    expect_ok(xent_row_stats(logits, NULL, NULL, &stats));
    for (int i = 0; i < ROWS; i++) want[i] = tensor_get(lse, i);
    for (int i = 0; i < PARTS; i++) expect_ok(reduce(i, NULL, NULL));
    for (int i = 0; i < ROWS; i++) assert_true(isnan(states[0][i].target));
    expect_ok(merge(whole));
    expect_ok(xent_partial_finish(whole, &shard[1], NULL, NULL, &stats, NULL));
    for (int i = 0; i < ROWS; i++) assert_true(tensor_get(lse, i) == want[i]);
    expect_ok(xent_partial_finish(whole, &shard[1], classes, NULL, &stats, NULL));
    finish_refused(classes, NULL, loss, XENT_ERROR_INVALID_ARGUMENT,
                   "whole[0] has no value of class 7, the target: reduced with another one, or without");
    for (int i = 0; i < PARTS; i++) expect_ok(reduce(i, classes, NULL));
    expect_ok(merge(whole));
}

/* The state of a row that is ignored is that of no class; its logits are not read, so a NaN among them is not found. */
static void test_ignored_rows(void **state)
{
    xent_tensor *ignored = tensor_of(XENT_I64, SHAPE(ROWS), ROW_MAJOR, VALUES(-100, 5));
    const float was = *(float *)tensor_at(logits, 3);
    (void)state;
    tensor_set(logits, 3, (double)NAN);
    for (int i = 0; i < PARTS; i++) expect_ok(reduce(i, ignored, NULL));
    for (int i = 0; i < PARTS; i++) {
        const xent_partial *s = states[i];
        assert_true(s->max == -(double)INFINITY && s->rest == 0 && s->heat == 0 && s->coef == 0 && s->gap == 0 && s->peak == 0);
        assert_true(isnan(s->target) && s->argmax == shard[i].first);
    }
    expect_ok(merge(whole));
    expect_ok(xent_partial_finish(whole, &shard[0], ignored, NULL, NULL, loss));
    assert_true(tensor_get(loss, 0) > 0);
    tensor_set(logits, 3, (double)was);
    tensor_free(ignored);
    for (int i = 0; i < PARTS; i++) expect_ok(reduce(i, classes, NULL));
    expect_ok(merge(whole));
}

/* Logits of the batch's shape have an axis more than a target of class indices may then have. */
static void test_ranks_and_slices(void **state)
{
    xent_tensor *deep = tensor_new(XENT_I64, SHAPE(1, 1, 1, 1, 1, 1, 1, 2), ROW_MAJOR);
    xent_tensor *slice_of_them = slice(probabilities, &shard[0]), *z = slice(logits, &shard[1]),
                *entries = slice(gradient, &shard[1]);
    xent_options far = XENT_OPTIONS_INIT;
    (void)state;
    far.axis = 4;
    finish_refused(deep, NULL, loss, XENT_ERROR_SHAPE, "target has rank 8, expected at most 7: logits have an axis more");
    expect_error(xent_partial_finish(whole, &shard[0], classes, &far, NULL, loss), XENT_ERROR_SHAPE,
                 "axis is 4, expected -2 to 1: logits has rank 2");
    expect_ok(xent_partial_finish(whole, &shard[0], slice_of_them, NULL, NULL, loss));
    expect_error(xent_partial_finish(whole, &shard[1], slice_of_them, NULL, NULL, loss), XENT_ERROR_SHAPE,
                 "target has 4096 classes along axis 1, expected 8192, shard->classes");
    expect_refused(xent_partial_grad(z, &shard[0], classes, NULL, whole, NULL, entries), XENT_ERROR_SHAPE,
                   "logits has 8192 classes along axis 1, expected 4096, shard->classes", gradient);
    expect_refused(xent_partial_grad(z, &shard[1], NULL, NULL, whole, NULL, entries), XENT_ERROR_INVALID_ARGUMENT,
                   "target is NULL", gradient);
    expect_refused(xent_partial_grad(z, &shard[1], classes, NULL, NULL, NULL, entries), XENT_ERROR_INVALID_ARGUMENT,
                   "whole is NULL", gradient);
    expect_refused(xent_partial_grad(z, &shard[1], classes, NULL, whole, NULL, NULL), XENT_ERROR_INVALID_ARGUMENT,
                   "grad_logits is NULL", gradient);
    expect_error(xent_partial_reduce(z, &shard[1], classes, NULL, NULL), XENT_ERROR_INVALID_ARGUMENT, "partials is NULL");
    expect_error(xent_partial_reduce(NULL, &shard[1], classes, NULL, states[1]), XENT_ERROR_INVALID_ARGUMENT, "logits is NULL");
    expect_error(xent_partial_finish(NULL, &shard[1], classes, NULL, NULL, loss), XENT_ERROR_INVALID_ARGUMENT, "whole is NULL");
    xent_tensor_destroy(z);
    xent_tensor_destroy(entries);
    xent_tensor_destroy(slice_of_them);
    tensor_free(deep);
}

/* Class weights and smoothing are those of all classes, and the type of the logits is the shard's. */
static void test_weights_of_all_classes(void **state)
{
    xent_options o = XENT_OPTIONS_INIT;
    xent_tensor *few = tensor_new(XENT_F32, SHAPE(CHUNK), ROW_MAJOR),
                *wide = tensor_new(XENT_F64, SHAPE(ROWS, CHUNK), ROW_MAJOR);
    xent_partial to[ROWS] = { 0 };
    (void)state;
    o.class_weight = few;
    expect_error(reduce(0, classes, &o), XENT_ERROR_SHAPE,
                 "class_weight has shape (4096), expected (12288), one for each class");
    expect_error(xent_partial_reduce(wide, &shard[0], classes, NULL, to), XENT_ERROR_DTYPE,
                 "logits has dtype F64, expected F32, shard->dtype");
    expect_error(xent_partial_grad(wide, &shard[0], classes, NULL, to, NULL, wide), XENT_ERROR_DTYPE,
                 "logits has dtype F64, expected F32, shard->dtype");
    tensor_free(few);
    tensor_free(wide);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_order),      cmocka_unit_test(test_shards_that_do_not_fit),
        cmocka_unit_test(test_empty_shards),     cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_what_is_wanted),   cmocka_unit_test(test_outputs_that_overlap),
        cmocka_unit_test(test_no_target),        cmocka_unit_test(test_ignored_rows),
        cmocka_unit_test(test_ranks_and_slices), cmocka_unit_test(test_weights_of_all_classes),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
