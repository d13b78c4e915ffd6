/* What a divergence refuses that no other operation does, and what it takes; its other errors are in errors_table.c. */
#include <math.h>

#include "support/refusal.h"

static xent_tensor *p, *q, *kl, *grad;

static int prepare(void **state)
{
    (void)state;
    p = tensor_of(XENT_F32, SHAPE(2, 3), ROW_MAJOR, VALUES(1, 0.5, 2, 0.5, 3, 1));
    q = tensor_of(XENT_BF16, SHAPE(2, 3), ROW_MAJOR, VALUES(1, 0.5, 1, 2, 3, 1));
    kl = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, VALUES(7));
    grad = tensor_of(XENT_BF16, SHAPE(2, 3), ROW_MAJOR, VALUES(7, 7, 7, 7, 7, 7));
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    tensor_free(p);
    tensor_free(q);
    tensor_free(kl);
    tensor_free(grad);
    return 0;
}

static void expect_both_refused(const xent_tensor *target, const xent_options *options, xent_status status, const char *message)
{
    expect_refused(xent_kl_div(p, q, target, options, kl), status, message, kl);
    expect_refused(xent_kl_div_grad(p, q, target, options, NULL, kl, grad), status, message, kl, grad);
}

/* Probabilities as a target would be a third distribution. */
static void test_target_of_probabilities(void **state)
{
    (void)state;
    const char *message = "target has dtype F64, expected an integer one: it only tells which rows count";
    xent_tensor *rows = tensor_new(XENT_F64, SHAPE(2), ROW_MAJOR), *table = tensor_new(XENT_F64, SHAPE(2, 3), ROW_MAJOR);
    expect_both_refused(rows, NULL, XENT_ERROR_DTYPE, message);
    expect_both_refused(table, NULL, XENT_ERROR_DTYPE, message);
    tensor_free(rows);
    tensor_free(table);
}

static void test_options_of_losses(void **state)
{
    (void)state;
    xent_tensor *weight = tensor_of(XENT_F32, SHAPE(3), ROW_MAJOR, VALUES(1, 1, 1));
    xent_options options = XENT_OPTIONS_INIT;
    options.class_weight = weight;
    options.label_smoothing = 0.5; /* the second thing wrong */
    expect_both_refused(NULL, &options, XENT_ERROR_INVALID_ARGUMENT,
                        "options->class_weight is given, expected NULL: a divergence has no class weights");
    options.class_weight = NULL;
    options.z_loss = 0.25;
    expect_both_refused(NULL, &options, XENT_ERROR_INVALID_ARGUMENT,
                        "options->label_smoothing is 0.5, expected 0: a divergence has no targets to smooth");
    options.label_smoothing = 0;
    expect_both_refused(NULL, &options, XENT_ERROR_INVALID_ARGUMENT,
                        "options->z_loss is 0.25, expected 0: a divergence has no z-loss");
    options.z_loss = 0;
    options.logit_scale = 0.5;
    options.softcap = 30;
    expect_ok(xent_kl_div(p, q, NULL, &options, kl));
    tensor_free(weight);
}

/* A gradient has the dtype of the logits that it is of. */
static void test_dtypes(void **state)
{
    (void)state;
    xent_tensor *wrong = tensor_of(XENT_F32, SHAPE(2, 3), ROW_MAJOR, VALUES(7, 7, 7, 7, 7, 7));
    expect_refused(xent_kl_div_grad(p, q, NULL, NULL, NULL, kl, wrong), XENT_ERROR_DTYPE,
                   "grad_logits_q has dtype F32, expected BF16, that of logits_q", kl, wrong);
    expect_ok(xent_kl_div_grad(p, q, NULL, NULL, NULL, NULL, grad));
    expect_ok(xent_kl_div_grad(q, p, NULL, NULL, NULL, NULL, wrong));
    tensor_free(wrong);
}

/* In place of the second logits alone. */
static void test_place(void **state)
{
    (void)state;
    expect_refused(xent_kl_div_grad(q, q, NULL, NULL, NULL, kl, q), XENT_ERROR_OVERLAP, "grad_logits_q overlaps logits_p", kl,
                   q);
    expect_ok(xent_kl_div_grad(p, q, NULL, NULL, NULL, kl, grad));
    expect_ok(xent_kl_div_grad(p, q, NULL, NULL, NULL, kl, q));
    for (int64_t i = 0; i < 6; i++) expect_bits(q, i, tensor_bits(grad, i));
}

/* 1/2, 1/4, 1/4 and thirds: the sum is known, and what the reductions make of it. */
static void test_values(void **state)
{
    (void)state;
    const double ln2 = 0.69314718055994530942, ln3 = 1.0986122886681098, row = ln3 - 1.5 * ln2;
    xent_tensor *half = tensor_of(XENT_F64, SHAPE(2, 3), ROW_MAJOR, VALUES(ln2, 0, 0, 0, ln2, 0));
    xent_tensor *third = tensor_of(XENT_F64, SHAPE(2, 3), ROW_MAJOR, VALUES(5, 5, 5, 0, 0, 0));
    xent_tensor *entries = tensor_new(XENT_F64, SHAPE(2, 3), ROW_MAJOR),
                *up = tensor_of(XENT_F32, SCALAR, ROW_MAJOR, VALUES(4));
    xent_options options = XENT_OPTIONS_INIT;
    expect_ok(xent_kl_div_grad(half, third, NULL, &options, up, kl, entries));
    assert_true(fabs(tensor_get(kl, 0) - row) < 1e-15);
    assert_true(fabs(tensor_get(entries, 0) - 2 * (1.0 / 3 - 0.5)) < 1e-15);
    assert_true(fabs(tensor_get(entries, 1) - 2 * (1.0 / 3 - 0.25)) < 1e-15);
    options.reduction = XENT_REDUCTION_SUM;
    expect_ok(xent_kl_div(half, third, NULL, &options, kl));
    assert_true(fabs(tensor_get(kl, 0) - 2 * row) < 1e-15);
    options.reduction = XENT_REDUCTION_MEAN;
    options.normalizer = 8;
    expect_ok(xent_kl_div(half, third, NULL, &options, kl));
    assert_true(fabs(tensor_get(kl, 0) - row / 4) < 1e-15);
    tensor_free(half);
    tensor_free(third);
    tensor_free(entries);
    tensor_free(up);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_target_of_probabilities, prepare, clean_up),
        cmocka_unit_test_setup_teardown(test_options_of_losses, prepare, clean_up),
        cmocka_unit_test_setup_teardown(test_dtypes, prepare, clean_up),
        cmocka_unit_test_setup_teardown(test_place, prepare, clean_up),
        cmocka_unit_test_setup_teardown(test_values, prepare, clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
