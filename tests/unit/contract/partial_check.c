/* xent_partial_check: what xent_partial_finish and xent_partial_grad will say of the same arguments, and what outputs of both may not
 * overlap. */
#include "support/refusal.h"

enum { ROWS = 2, CLASSES = 5000, SHARD = 4096 };

struct arguments {
    xent_tensor *logits, *target, *grad_loss, *loss, *grad_logits;
    xent_shard shard;
    xent_options options;
    xent_stats stats;
};

static void begin(struct arguments *a)
{
    const xent_options options = XENT_OPTIONS_INIT;
    const xent_stats stats = XENT_STATS_INIT;
    *a = (struct arguments){ .options = options, .stats = stats };
    expect_ok(xent_shard_cut(CLASSES, XENT_F32, 2, 0, &a->shard));
    assert_int_equal(a->shard.classes, SHARD);
    a->options.reduction = XENT_REDUCTION_NONE;
    a->logits = tensor_new(XENT_F32, SHAPE(ROWS, SHARD), ROW_MAJOR);
    a->target = tensor_of(XENT_I64, SHAPE(ROWS), ROW_MAJOR, VALUES(4999, 7));
    a->grad_loss = tensor_of(XENT_F32, SHAPE(ROWS), ROW_MAJOR, VALUES(1, 2));
    a->loss = tensor_new(XENT_F32, SHAPE(ROWS), ROW_MAJOR);
    a->grad_logits = tensor_new(XENT_F32, SHAPE(ROWS, SHARD), ROW_MAJOR);
    a->stats.entropy = tensor_new(XENT_F64, SHAPE(ROWS), ROW_MAJOR);
}

static void end(struct arguments *a)
{
    tensor_free(a->logits);
    tensor_free(a->target);
    tensor_free(a->grad_loss);
    tensor_free(a->loss);
    tensor_free(a->grad_logits);
    tensor_free(a->stats.entropy);
}

static xent_status check(const struct arguments *a)
{
    return xent_partial_check(a->logits, &a->shard, a->target, &a->options, &a->stats, a->grad_loss, a->loss, a->grad_logits);
}

static void expect_refusal(const struct arguments *a, xent_status status, const char *message)
{
    expect_refused(check(a), status, message, a->loss, a->grad_logits, a->stats.entropy);
}

/* Each in its place of the order of checks: later ones are wrong as well. */
static void test_order(void **state)
{
    (void)state;
    struct arguments a, good;
    xent_tensor *three = tensor_new(XENT_F32, SHAPE(3), ROW_MAJOR), *counts = tensor_new(XENT_I64, SHAPE(ROWS), ROW_MAJOR);
    begin(&good);
    expect_ok(check(&good));
    a = good;
    tensor_set(a.target, 1, CLASSES);
    expect_refusal(&a, XENT_ERROR_TARGET, "target[1] = 5000 is outside [0, 5000)");
    a.loss = three;
    expect_refusal(&a, XENT_ERROR_SHAPE, "loss has shape (3), expected (2), the batch shape, for reduction NONE");
    a.loss = counts;
    expect_refusal(&a, XENT_ERROR_DTYPE, "loss has dtype I64, expected a floating one");
    a.shard.reserved = 2;
    expect_refusal(&a, XENT_ERROR_INVALID_ARGUMENT, "shard->reserved is 2, expected 0");
    a.target = NULL;
    expect_refusal(&a, XENT_ERROR_INVALID_ARGUMENT, "target is NULL");
    a.stats.rank = counts;
    expect_refusal(&a, XENT_ERROR_INVALID_ARGUMENT, "stats->rank is wanted, expected NULL: states do not tell it");
    a.logits = NULL;
    expect_refusal(&a, XENT_ERROR_INVALID_ARGUMENT, "logits is NULL");
    expect_error(xent_partial_check(good.logits, NULL, good.target, NULL, NULL, NULL, NULL, good.grad_logits),
                 XENT_ERROR_INVALID_ARGUMENT, "shard is NULL");
    expect_error(xent_partial_check(good.logits, &good.shard, good.target, NULL, NULL, NULL, NULL, NULL),
                 XENT_ERROR_INVALID_ARGUMENT, "loss is NULL and stats has no member, expected at least one output");
    tensor_free(three);
    tensor_free(counts);
    end(&good);
}

static void test_probabilities(void **state)
{
    (void)state;
    struct arguments a;
    xent_tensor *slice = tensor_new(XENT_F16, SHAPE(ROWS, SHARD), ROW_MAJOR),
                *narrow = tensor_new(XENT_F16, SHAPE(ROWS, 5), ROW_MAJOR);
    begin(&a);
    xent_tensor *target = a.target;
    a.target = slice;
    expect_ok(check(&a));
    a.target = narrow;
    expect_refusal(&a, XENT_ERROR_SHAPE, "target has shape (2, 5), expected (2, 4096), that of the logits, for probabilities");
    a.target = target;
    end(&a);
    tensor_free(slice);
    tensor_free(narrow);
}

/* One output alone is enough, and a gradient alone needs a target. */
static void test_outputs(void **state)
{
    (void)state;
    struct arguments a;
    begin(&a);
    expect_ok(xent_partial_check(a.logits, &a.shard, NULL, &a.options, &a.stats, NULL, NULL, NULL));
    expect_ok(xent_partial_check(a.logits, &a.shard, a.target, &a.options, NULL, NULL, a.loss, NULL));
    expect_ok(xent_partial_check(a.logits, &a.shard, a.target, &a.options, NULL, a.grad_loss, NULL, a.grad_logits));
    expect_ok(xent_partial_check(a.logits, &a.shard, a.target, &a.options, NULL, NULL, NULL, a.logits)); /* in place */
    expect_error(xent_partial_check(a.logits, &a.shard, NULL, &a.options, NULL, NULL, NULL, a.grad_logits),
                 XENT_ERROR_INVALID_ARGUMENT, "target is NULL");
    end(&a);
}

/* What finish writes and grad reads or writes, which neither sees. */
static void test_overlap(void **state)
{
    (void)state;
    struct arguments a;
    begin(&a);
    xent_tensor *loss = a.loss, *entropy = a.stats.entropy;
    a.loss = tensor_over(XENT_F32, SHAPE(ROWS), xent_tensor_data(a.grad_logits));
    expect_refusal(&a, XENT_ERROR_OVERLAP, "grad_logits overlaps loss");
    xent_tensor_destroy(a.loss);
    a.loss = tensor_over(XENT_F32, SHAPE(ROWS), xent_tensor_data(a.logits));
    expect_refusal(&a, XENT_ERROR_OVERLAP, "loss overlaps logits");
    xent_tensor_destroy(a.loss);
    a.loss = loss;
    a.stats.entropy = tensor_over(XENT_F32, SHAPE(ROWS), xent_tensor_data(a.grad_logits));
    expect_refusal(&a, XENT_ERROR_OVERLAP, "entropy overlaps grad_logits");
    xent_tensor_destroy(a.stats.entropy);
    a.stats.entropy = entropy;
    end(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_probabilities),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
