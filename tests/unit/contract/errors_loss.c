/* What the losses and mean_divisor refuse, in its variants: status, message, outputs untouched. Each check of each function, and their
   order, is in errors_table.c. */
#include <math.h>
#include <string.h>

#include "support/refusal.h"

/* A batch that is right; each test spoils one argument. */
static xent_tensor *z, *y, *t, *loss, *losses, *grad;
static const double sevens[6] = { 7, 7, 7, 7, 7, 7 };

static int prepare(void **state)
{
    (void)state;
    z = tensor_of(XENT_F32, SHAPE(2, 3), ROW_MAJOR, VALUES(1, 0.5, 2, 0.5, 3, 1));
    y = tensor_of(XENT_I64, SHAPE(2), ROW_MAJOR, VALUES(2, 1));
    t = tensor_of(XENT_F64, SHAPE(2, 3), ROW_MAJOR, VALUES(0, 0, 1, 0, 1, 0));
    loss = tensor_of(XENT_F32, SCALAR, ROW_MAJOR, sevens);
    losses = tensor_of(XENT_F32, SHAPE(2), ROW_MAJOR, sevens);
    grad = tensor_of(XENT_F32, SHAPE(2, 3), ROW_MAJOR, sevens);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    xent_tensor *all[] = { z, y, t, loss, losses, grad };
    for (int i = 0; i < 6; i++) tensor_free(all[i]);
    return 0;
}

static xent_options options_for(int32_t reduction)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = reduction;
    return options;
}

/* The three losses refuse a batch with the same words. */
static void refused_by_all(const xent_tensor *logits, const xent_tensor *target, const xent_options *options, xent_tensor *out,
                           xent_status status, const char *message)
{
    expect_refused(xent_cross_entropy(logits, target, options, out), status, message, out);
    expect_refused(xent_nll_loss(logits, target, options, out), status, message, out);
    expect_refused(xent_cross_entropy_grad(logits, target, options, NULL, out, grad), status, message, out, grad);
}

/* So does the backward one, where it is not the loss that is wrong. */
static void batch_refused_by_all(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                                 xent_status status, const char *message)
{
    refused_by_all(logits, target, options, loss, status, message);
    expect_refused(xent_nll_loss_backward(logits, target, options, NULL, grad), status, message, grad);
}

static void test_dtype(void **state)
{
    (void)state;
    xent_tensor *wide = tensor_of(XENT_F64, SHAPE(2, 3), ROW_MAJOR, sevens);
    xent_tensor *integer = tensor_of(XENT_U8, SCALAR, ROW_MAJOR, sevens), *weight = tensor_new(XENT_I16, SHAPE(3), ROW_MAJOR);
    xent_tensor *table = tensor_of(XENT_I32, SHAPE(2, 3), ROW_MAJOR, sevens);
    xent_tensor *half = tensor_new(XENT_F16, SHAPE(2, 3), ROW_MAJOR), *brain = tensor_new(XENT_BF16, SHAPE(2, 3), ROW_MAJOR);
    xent_options options = XENT_OPTIONS_INIT;
    double divisor = 7;
    const xent_status dtype = XENT_ERROR_DTYPE;
    expect_refused(xent_cross_entropy(table, y, NULL, loss), dtype, "logits has dtype I32, expected a floating one", loss);
    expect_refused(xent_nll_loss(table, y, NULL, loss), dtype, "logp has dtype I32, expected a floating one", loss);
    refused_by_all(z, y, NULL, integer, dtype, "loss has dtype U8, expected a floating one");
    expect_refused(xent_cross_entropy_grad(z, y, NULL, integer, loss, grad), dtype,
                   "grad_loss has dtype U8, expected a floating one", loss, grad);
    expect_refused(xent_cross_entropy_grad(z, y, NULL, NULL, loss, wide), dtype,
                   "grad_logits has dtype F64, expected F32, that of logits", loss, wide);
    expect_refused(xent_cross_entropy_grad(z, y, NULL, NULL, loss, table), dtype,
                   "grad_logits has dtype I32, expected F32, that of logits", loss, table);
    expect_refused(xent_nll_loss_backward(z, y, NULL, integer, grad), dtype, "grad_loss has dtype U8, expected a floating one",
                   grad);
    expect_refused(xent_nll_loss_backward(z, y, NULL, NULL, wide), dtype, "grad_logp has dtype F64, expected F32, that of logp",
                   wide);
    expect_refused(xent_nll_loss_backward(half, y, NULL, NULL, brain), dtype,
                   "grad_logp has dtype BF16, expected F16, that of logp", brain);
    expect_refused(xent_cross_entropy_grad(brain, y, NULL, NULL, loss, half), dtype,
                   "grad_logits has dtype F16, expected BF16, that of logits", loss, half);
    options.class_weight = weight;
    batch_refused_by_all(z, y, &options, dtype, "class_weight has dtype I16, expected a floating one");
    expect_refused(xent_mean_divisor(y, &options, &divisor), dtype, "class_weight has dtype I16, expected a floating one",
                   NULL);
    assert_true(divisor == 7);
    xent_tensor *all[] = { wide, integer, weight, table, half, brain };
    for (int i = 0; i < 6; i++) tensor_free(all[i]);
}

static void test_axis(void **state)
{
    (void)state;
    xent_tensor *scalar = tensor_of(XENT_F32, SCALAR, ROW_MAJOR, sevens);
    xent_options options = XENT_OPTIONS_INIT;
    double divisor = 7;
    expect_refused(xent_cross_entropy(scalar, y, NULL, loss), XENT_ERROR_SHAPE,
                   "logits has rank 0, expected 1 to 8: it has no class axis", loss);
    expect_refused(xent_nll_loss(scalar, y, NULL, loss), XENT_ERROR_SHAPE,
                   "logp has rank 0, expected 1 to 8: it has no class axis", loss);
    expect_refused(xent_mean_divisor(scalar, NULL, &divisor), XENT_ERROR_SHAPE,
                   "target has rank 0, expected 1 to 8: it has no class axis", NULL);
    options.axis = 2;
    expect_refused(xent_cross_entropy(z, y, &options, loss), XENT_ERROR_SHAPE, "axis is 2, expected -2 to 1: logits has rank 2",
                   loss);
    options.axis = -3;
    expect_refused(xent_nll_loss(z, y, &options, loss), XENT_ERROR_SHAPE, "axis is -3, expected -2 to 1: logp has rank 2",
                   loss);
    expect_refused(xent_mean_divisor(t, &options, &divisor), XENT_ERROR_SHAPE,
                   "axis is -3, expected -2 to 1: target has rank 2", NULL);
    assert_true(divisor == 7);
    tensor_free(scalar);
}

static void test_target_shape(void **state)
{
    (void)state;
    xent_tensor *three = tensor_new(XENT_I64, SHAPE(3), ROW_MAJOR), *column = tensor_new(XENT_I64, SHAPE(2, 1), ROW_MAJOR);
    xent_tensor *like_logits = tensor_new(XENT_I64, SHAPE(2, 3), ROW_MAJOR),
                *floats = tensor_new(XENT_F32, SHAPE(2), ROW_MAJOR);
    xent_tensor *turned = tensor_new(XENT_F32, SHAPE(3, 2), ROW_MAJOR);
    const xent_status shape = XENT_ERROR_SHAPE;
    batch_refused_by_all(z, three, NULL, shape, "target has shape (3), expected (2), the batch shape, for class indices");
    batch_refused_by_all(z, column, NULL, shape, "target has shape (2, 1), expected (2), the batch shape, for class indices");
    batch_refused_by_all(z, like_logits, NULL, shape,
                         "target has shape (2, 3), expected (2), the batch shape, for class indices");
    batch_refused_by_all(z, floats, NULL, shape,
                         "target has shape (2), expected (2, 3), that of the logits, for probabilities");
    batch_refused_by_all(z, turned, NULL, shape,
                         "target has shape (3, 2), expected (2, 3), that of the logits, for probabilities");
    xent_tensor *all[] = { three, column, like_logits, floats, turned };
    for (int i = 0; i < 5; i++) tensor_free(all[i]);
}

static void test_other_shapes(void **state)
{
    (void)state;
    xent_tensor *three = tensor_of(XENT_F32, SHAPE(3), ROW_MAJOR, sevens),
                *turned = tensor_of(XENT_F32, SHAPE(3, 2), ROW_MAJOR, sevens);
    xent_tensor *empty = tensor_new(XENT_F32, SHAPE(0), ROW_MAJOR),
                *one_by_three = tensor_new(XENT_F32, SHAPE(1, 3), ROW_MAJOR);
    const xent_options none = options_for(XENT_REDUCTION_NONE), sum = options_for(XENT_REDUCTION_SUM);
    const xent_status shape = XENT_ERROR_SHAPE;
    refused_by_all(z, y, NULL, losses, shape, "loss has 2 elements, expected exactly 1, for reduction MEAN");
    refused_by_all(z, y, &sum, losses, shape, "loss has 2 elements, expected exactly 1, for reduction SUM");
    refused_by_all(z, y, NULL, empty, shape, "loss has 0 elements, expected exactly 1, for reduction MEAN");
    refused_by_all(z, y, &none, loss, shape, "loss has shape (), expected (2), the batch shape, for reduction NONE");
    refused_by_all(z, y, &none, three, shape, "loss has shape (3), expected (2), the batch shape, for reduction NONE");
    expect_refused(xent_cross_entropy_grad(z, y, &none, loss, losses, grad), shape,
                   "grad_loss has shape (), expected (2), the batch shape, for reduction NONE", losses, grad);
    expect_refused(xent_cross_entropy_grad(z, y, NULL, losses, loss, grad), shape,
                   "grad_loss has 2 elements, expected exactly 1, for reduction MEAN", loss, grad);
    expect_refused(xent_cross_entropy_grad(z, y, NULL, NULL, loss, turned), shape,
                   "grad_logits has shape (3, 2), expected (2, 3), that of the logits", loss, turned);
    expect_refused(xent_nll_loss_backward(z, y, &none, loss, grad), shape,
                   "grad_loss has shape (), expected (2), the batch shape, for reduction NONE", grad);
    expect_refused(xent_nll_loss_backward(z, y, &sum, losses, grad), shape,
                   "grad_loss has 2 elements, expected exactly 1, for reduction SUM", grad);
    expect_refused(xent_nll_loss_backward(z, y, NULL, NULL, turned), shape,
                   "grad_logp has shape (3, 2), expected (2, 3), that of logp", turned);
    xent_options weighted = XENT_OPTIONS_INIT;
    double divisor = 7;
    weighted.class_weight = losses;
    batch_refused_by_all(z, y, &weighted, shape, "class_weight has shape (2), expected (3), one for each class");
    expect_refused(xent_mean_divisor(t, &weighted, &divisor), shape,
                   "class_weight has shape (2), expected (3), one for each class", NULL);
    weighted.class_weight = one_by_three;
    batch_refused_by_all(z, y, &weighted, shape, "class_weight has shape (1, 3), expected (3), one for each class");
    expect_refused(xent_mean_divisor(y, &weighted, &divisor), shape,
                   "class_weight has rank 2, expected 1: one weight for each class", NULL);
    assert_true(divisor == 7);
    xent_tensor *all[] = { three, turned, empty, one_by_three };
    for (int i = 0; i < 4; i++) tensor_free(all[i]);
}

static void test_no_classes(void **state)
{
    (void)state;
    xent_tensor *nothing = tensor_new(XENT_F32, SHAPE(2, 0), ROW_MAJOR);
    double divisor = 7;
    expect_refused(xent_cross_entropy(nothing, y, NULL, loss), XENT_ERROR_SHAPE,
                   "logits has no classes: axis 1 has extent 0, expected at least 1", loss);
    expect_refused(xent_nll_loss(nothing, nothing, NULL, loss), XENT_ERROR_SHAPE,
                   "logp has no classes: axis 1 has extent 0, expected at least 1", loss);
    expect_refused(xent_mean_divisor(nothing, NULL, &divisor), XENT_ERROR_SHAPE,
                   "target has no classes: axis 1 has extent 0, expected at least 1", NULL);
    assert_true(divisor == 7);
    tensor_free(nothing);
}

static void test_read_only_output(void **state)
{
    (void)state;
    static const float memory[6] = { 7, 7, 7, 7, 7, 7 };
    xent_tensor *scalar, *table;
    expect_ok(xent_tensor_wrap_const(&scalar, XENT_F32, SCALAR, NULL, memory));
    expect_ok(xent_tensor_wrap_const(&table, XENT_F32, SHAPE(2, 3), NULL, memory));
    refused_by_all(z, y, NULL, scalar, XENT_ERROR_INVALID_ARGUMENT,
                   "loss is read-only (made by xent_tensor_wrap_const), expected an output");
    expect_refused(xent_cross_entropy_grad(z, y, NULL, NULL, loss, table), XENT_ERROR_INVALID_ARGUMENT,
                   "grad_logits is read-only (made by xent_tensor_wrap_const), expected an output", loss, table);
    expect_refused(xent_cross_entropy_grad(table, y, NULL, NULL, loss, table), XENT_ERROR_INVALID_ARGUMENT,
                   "grad_logits is read-only (made by xent_tensor_wrap_const), expected an output", loss, table);
    expect_refused(xent_nll_loss_backward(table, y, NULL, NULL, table), XENT_ERROR_INVALID_ARGUMENT,
                   "grad_logp is read-only (made by xent_tensor_wrap_const), expected an output", table);
    xent_tensor_destroy(scalar);
    xent_tensor_destroy(table);
}

/* Each output over each input and over the other; memory is floats and its tensors start where they collide. */
static void test_overlap(void **state)
{
    (void)state;
    float memory[24] = { 0 };
    xent_tensor *logits = tensor_over(XENT_F32, SHAPE(2, 3), memory), *target = tensor_over(XENT_I32, SHAPE(2), memory + 6);
    xent_tensor *weight = tensor_over(XENT_F32, SHAPE(3), memory + 8), *upstream = tensor_over(XENT_F32, SCALAR, memory + 11);
    xent_tensor *shifted = tensor_over(XENT_F32, SHAPE(2, 3), memory + 1);
    const struct {
        int at;
        const char *loss, *grad, *grad_logp;
    } collisions[] = {
        { 0, "loss overlaps logits", NULL, NULL },
        { 5, "loss overlaps logits",
          "grad_logits overlaps logits but is not in its place: data, dtype, shape and strides must agree",
          "grad_logp overlaps logp but is not in its place: data, dtype, shape and strides must agree" },
        { 7, "loss overlaps target", "grad_logits overlaps target", "grad_logp overlaps target" },
        { 8, "loss overlaps class_weight", "grad_logits overlaps class_weight", "grad_logp overlaps class_weight" },
        { 11, "loss overlaps grad_loss", "grad_logits overlaps grad_loss", "grad_logp overlaps grad_loss" },
    };
    xent_options options = XENT_OPTIONS_INIT;
    options.class_weight = weight;
    for (int i = 0; i < 5; i++) {
        xent_tensor *one = tensor_over(XENT_F32, SCALAR, memory + collisions[i].at);
        xent_tensor *table = tensor_over(XENT_F32, SHAPE(2, 3), memory + collisions[i].at);
        expect_refused(xent_cross_entropy_grad(logits, target, &options, upstream, one, grad), XENT_ERROR_OVERLAP,
                       collisions[i].loss, one, grad);
        if (i < 4)
            expect_refused(xent_cross_entropy(logits, target, &options, one), XENT_ERROR_OVERLAP, collisions[i].loss, one);
        if (i > 0) {
            expect_refused(xent_cross_entropy_grad(logits, target, &options, upstream, loss, table), XENT_ERROR_OVERLAP,
                           collisions[i].grad, loss, table);
            expect_refused(xent_nll_loss_backward(logits, target, &options, upstream, table), XENT_ERROR_OVERLAP,
                           collisions[i].grad_logp, table);
        }
        xent_tensor_destroy(one);
        xent_tensor_destroy(table);
    }
    xent_tensor *inside = tensor_over(XENT_F32, SCALAR, memory + 20), *around = tensor_over(XENT_F32, SHAPE(2, 3), memory + 18);
    expect_refused(xent_cross_entropy_grad(logits, target, &options, upstream, inside, around), XENT_ERROR_OVERLAP,
                   "grad_logits overlaps loss", inside, around);
    expect_refused(xent_cross_entropy_grad(logits, target, NULL, NULL, NULL, shifted), XENT_ERROR_OVERLAP,
                   "grad_logits overlaps logits but is not in its place: data, dtype, shape and strides must agree", shifted);
    xent_tensor *all[] = { logits, target, weight, upstream, shifted, inside, around };
    for (int i = 0; i < 7; i++) xent_tensor_destroy(all[i]);
}

static void test_output_overlaps_itself(void **state)
{
    (void)state;
    float memory[6] = { 7, 7, 7, 7, 7, 7 };
    const int64_t zero[1] = { 0 }, close[2] = { 2, 1 };
    xent_tensor *same = tensor_strided(XENT_F32, SHAPE(2), zero, memory);
    xent_tensor *table = tensor_strided(XENT_F32, SHAPE(2, 3), close, memory);
    const xent_options none = options_for(XENT_REDUCTION_NONE);
    refused_by_all(z, y, &none, same, XENT_ERROR_OVERLAP, "loss overlaps itself: by its strides, elements may share memory");
    expect_refused(xent_cross_entropy_grad(z, y, NULL, NULL, loss, table), XENT_ERROR_OVERLAP,
                   "grad_logits overlaps itself: by its strides, elements may share memory", loss, table);
    expect_ok(xent_cross_entropy_grad(z, y, &none, same, losses, grad)); /* a broadcast grad_loss is fine */
    for (int64_t i = 0; i < 6; i++) tensor_set(grad, i, 7);
    xent_tensor_destroy(same);
    xent_tensor_destroy(table);
}

static void test_class_weight_values(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } bad[] = {
        { -0.25, "class_weight[1] = -0.25, expected a finite number >= 0" },
        { INFINITY, "class_weight[1] = inf, expected a finite number >= 0" },
        { -INFINITY, "class_weight[1] = -inf, expected a finite number >= 0" },
        { NAN, "class_weight[1] = nan, expected a finite number >= 0" },
    };
    const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    double divisor = 7;
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 4; k++) {
            xent_tensor *weight = tensor_of(dtypes[k], SHAPE(3), REVERSED, VALUES(0, bad[i].value, -1));
            xent_options options = XENT_OPTIONS_INIT;
            options.class_weight = weight;
            batch_refused_by_all(z, y, &options, XENT_ERROR_INVALID_ARGUMENT, bad[i].text);
            batch_refused_by_all(z, t, &options, XENT_ERROR_INVALID_ARGUMENT, bad[i].text);
            expect_refused(xent_mean_divisor(y, &options, &divisor), XENT_ERROR_INVALID_ARGUMENT, bad[i].text, NULL);
            tensor_free(weight);
        }
    }
    assert_true(divisor == 7);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtype),
        cmocka_unit_test(test_axis),
        cmocka_unit_test(test_target_shape),
        cmocka_unit_test(test_other_shapes),
        cmocka_unit_test(test_no_classes),
        cmocka_unit_test(test_read_only_output),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_output_overlaps_itself),
        cmocka_unit_test(test_class_weight_values),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
