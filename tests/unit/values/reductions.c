/* MEAN, SUM and NONE: ignored rows, weights of zero, what the mean divides by, a normalizer, losses of any rank. */
#include <math.h>
#include <string.h>

#include "each_dtype.h"

/* Two rows of three classes, room for a gradient and for a loss of one element, which holds 7. */
struct batch {
    xent_dtype dtype;
    xent_tensor *z, *y, *grad, *loss;
    xent_options options;
};

static struct batch open_batch(void **state, double first_class, double second_class)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    return (struct batch){ dtype,
                           tensor_of(dtype, SHAPE(2, 3), ROW_MAJOR, VALUES(1, 0.5, 2, 0.5, 3, 1)),
                           tensor_of(XENT_I64, SHAPE(2), ROW_MAJOR, VALUES(first_class, second_class)),
                           tensor_of(dtype, SHAPE(2, 3), ROW_MAJOR, VALUES(7, 7, 7, 7, 7, 7)),
                           tensor_of(dtype, SCALAR, ROW_MAJOR, VALUES(7)),
                           XENT_OPTIONS_INIT };
}

static void close_batch(struct batch *b)
{
    tensor_free(b->z);
    tensor_free(b->y);
    tensor_free(b->grad);
    tensor_free(b->loss);
}

static void expect_row(const struct batch *b, int64_t row, uint64_t bits)
{
    for (int64_t c = 0; c < 3; c++) expect_bits(b->grad, 3 * row + c, bits);
}

/* A wholly ignored batch: MEAN is 0 / 0, its gradient 0 all the same; SUM and a MEAN with a normalizer are 0. */
static void test_all_ignored(void **state)
{
    struct batch b = open_batch(state, -100, -100);
    expect_ok(xent_cross_entropy_grad(b.z, b.y, NULL, NULL, b.loss, b.grad));
    expect_bits(b.loss, 0, canonical_nan(b.dtype));
    expect_row(&b, 0, 0);
    expect_row(&b, 1, 0);
    b.options.normalizer = 3;
    expect_ok(xent_cross_entropy(b.z, b.y, &b.options, b.loss));
    expect_bits(b.loss, 0, 0);
    b.options.reduction = XENT_REDUCTION_SUM;
    tensor_set(b.loss, 0, 7);
    expect_ok(xent_nll_loss(b.z, b.y, &b.options, b.loss));
    expect_bits(b.loss, 0, 0);
    close_batch(&b);
}

/* The logits of an ignored row are not looked at, and its gradient is +0.0 whatever grad_loss holds. */
static void test_ignored_row(void **state)
{
    struct batch b = open_batch(state, -100, 1);
    const double poisons[] = { NAN, INFINITY, -INFINITY };
    const double upstreams[] = { 1, -1, NAN, INFINITY, -INFINITY };
    xent_tensor *alone = tensor_of(b.dtype, SHAPE(3), ROW_MAJOR, VALUES(0.5, 3, 1)),
                *class = tensor_over(XENT_I64, SCALAR, tensor_at(b.y, 1));
    xent_tensor *want = tensor_new(b.dtype, SCALAR, ROW_MAJOR), *grad_loss = tensor_new(b.dtype, SHAPE(2), ROW_MAJOR);
    xent_tensor *losses = tensor_new(b.dtype, SHAPE(2), ROW_MAJOR);
    expect_ok(xent_cross_entropy(alone, class, NULL, want));
    for (int i = 0; i < 3; i++) {
        for (int64_t c = 0; c < 3; c++) tensor_set(b.z, c, poisons[i]);
        b.options.reduction = XENT_REDUCTION_MEAN;
        expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.options, NULL, b.loss, b.grad));
        expect_bits(b.loss, 0, tensor_bits(want, 0));
        expect_row(&b, 0, 0);
        b.options.reduction = XENT_REDUCTION_NONE;
        for (int k = 0; k < 5; k++) {
            tensor_set(grad_loss, 0, upstreams[k]);
            tensor_set(grad_loss, 1, 1);
            expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.options, grad_loss, losses, b.grad));
            expect_bits(losses, 0, 0);
            expect_bits(losses, 1, tensor_bits(want, 0));
            expect_row(&b, 0, 0);
            assert_true(isfinite(tensor_get(b.grad, 3)));
        }
    }
    tensor_free(alone);
    xent_tensor_destroy(class);
    tensor_free(want);
    tensor_free(grad_loss);
    tensor_free(losses);
    close_batch(&b);
}

/* Any int64 may be the ignored index, also a class; targets are compared as integers, so that no U64 equals a
   negative one. */
static void test_ignore_index(void **state)
{
    struct batch b = open_batch(state, 1, 2);
    xent_tensor *losses = tensor_new(b.dtype, SHAPE(2), ROW_MAJOR), *wide = tensor_new(XENT_U64, SHAPE(2), ROW_MAJOR);
    b.options.reduction = XENT_REDUCTION_NONE;
    b.options.ignore_index = 1;
    expect_ok(xent_cross_entropy(b.z, b.y, &b.options, losses));
    expect_bits(losses, 0, 0);
    assert_true(tensor_get(losses, 1) > 2);
    const int64_t ends[] = { INT64_MIN, INT64_MAX };
    for (int i = 0; i < 2; i++) {
        b.options.ignore_index = ends[i];
        memcpy(tensor_at(b.y, 0), &ends[i], sizeof ends[i]);
        tensor_set(losses, 0, 7);
        expect_ok(xent_cross_entropy(b.z, b.y, &b.options, losses));
        expect_bits(losses, 0, 0);
    }
    const uint64_t as_unsigned = (uint64_t)-100;
    memcpy(tensor_at(wide, 0), &as_unsigned, sizeof as_unsigned);
    b.options.ignore_index = -100;
    expect_error_naming(xent_cross_entropy(b.z, wide, &b.options, losses), XENT_ERROR_TARGET, "target[0]",
                        "18446744073709551516");
    /* Not looked at for probabilities. */
    b.options.ignore_index = 1;
    expect_ok(xent_cross_entropy(b.z, b.grad, &b.options, losses));
    assert_true(tensor_get(losses, 0) > 7);
    tensor_free(losses);
    tensor_free(wide);
    close_batch(&b);
}

/* Counted rows whose weights add up to 0: NaN in the mean and in their gradient; the ignored row keeps its zeros. */
static void test_total_weight_zero(void **state)
{
    struct batch b = open_batch(state, -100, 1);
    xent_tensor *weight = tensor_of(XENT_F32, SHAPE(3), ROW_MAJOR, VALUES(1, 0, 1));
    double divisor = 7;
    b.options.class_weight = weight;
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.options, NULL, b.loss, b.grad));
    expect_bits(b.loss, 0, canonical_nan(b.dtype));
    expect_row(&b, 0, 0);
    expect_row(&b, 1, canonical_nan(b.dtype));
    expect_ok(xent_mean_divisor(b.y, &b.options, &divisor));
    assert_true(divisor == 0);
    b.options.reduction = XENT_REDUCTION_SUM;
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.options, NULL, b.loss, b.grad));
    expect_bits(b.loss, 0, 0);
    for (int64_t c = 3; c < 6; c++) assert_true(tensor_get(b.grad, c) == 0);
    tensor_free(weight);
    close_batch(&b);
}

/* The mean of probability targets is over the rows, whatever the weights; a row of weight 0 counts for class indices
   in neither the sum nor the divisor. */
static void test_divisor(void **state)
{
    struct batch b = open_batch(state, 2, 1);
    xent_tensor *weight = tensor_of(XENT_F64, SHAPE(3), ROW_MAJOR, VALUES(0.25, 0.5, 0));
    xent_tensor *one_hot = tensor_of(XENT_F64, SHAPE(2, 3), ROW_MAJOR, VALUES(0, 0, 1, 0, 1, 0));
    xent_tensor *exact = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    double divisor = 7;
    b.options.class_weight = weight;
    expect_ok(xent_mean_divisor(b.y, &b.options, &divisor));
    assert_true(divisor == 0.5);
    expect_ok(xent_cross_entropy(b.z, b.y, &b.options, exact));
    assert_true(fabs(tensor_get(exact, 0) - 0.19673409) < 1e-7); /* the second row's */
    /* and the gradient of the other one is 0, of this one what it is alone */
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.options, NULL, NULL, b.grad));
    for (int64_t c = 0; c < 3; c++) assert_true(tensor_get(b.grad, c) == 0);
    assert_true(fabs(tensor_get(b.grad, 4) - -0.17859) < 1e-3);
    expect_ok(xent_mean_divisor(one_hot, &b.options, &divisor));
    assert_true(divisor == 2);
    expect_ok(xent_cross_entropy(b.z, one_hot, &b.options, exact));
    assert_true(fabs(tensor_get(exact, 0) - 0.25 * 0.19673409) < 1e-7);
    /* Set to the automatic divisor, the normalizer gives the same bits. */
    tensor_free(weight);
    b.options.class_weight = NULL;
    expect_ok(xent_cross_entropy(b.z, b.y, &b.options, b.loss));
    const uint64_t automatic = tensor_bits(b.loss, 0);
    expect_ok(xent_mean_divisor(b.y, NULL, &b.options.normalizer));
    tensor_set(b.loss, 0, 7);
    expect_ok(xent_cross_entropy(b.z, b.y, &b.options, b.loss));
    expect_bits(b.loss, 0, automatic);
    /* mean_divisor does not look at it, nor at the axis of class indices. */
    b.options.normalizer = 9;
    b.options.axis = 77;
    expect_ok(xent_mean_divisor(b.y, &b.options, &divisor));
    assert_true(divisor == 2);
    tensor_free(one_hot);
    tensor_free(exact);
    close_batch(&b);
}

/* The divisor divides all of a loss: what smoothing and z-loss add to it as well. */
static void test_mean_of_all_parts(void **state)
{
    struct batch b = open_batch(state, 2, 1);
    xent_tensor *weight = tensor_of(XENT_BF16, SHAPE(3), ROW_MAJOR, VALUES(1, 0.25, 0.5));
    xent_tensor *losses = tensor_new(XENT_F64, SHAPE(2), ROW_MAJOR), *exact = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    b.options.class_weight = weight;
    b.options.label_smoothing = 0.125;
    b.options.z_loss = 0.5;
    b.options.reduction = XENT_REDUCTION_NONE;
    expect_ok(xent_cross_entropy(b.z, b.y, &b.options, losses));
    const double sum = tensor_get(losses, 0) + tensor_get(losses, 1);
    const struct {
        double normalizer, divisor;
    } means[] = { { 0, 0.75 }, { 3, 3 } };
    for (int i = 0; i < 2; i++) {
        b.options.reduction = XENT_REDUCTION_MEAN;
        b.options.normalizer = means[i].normalizer;
        expect_ok(xent_cross_entropy(b.z, b.y, &b.options, exact));
        assert_true(fabs(tensor_get(exact, 0) - sum / means[i].divisor) <= 0x1p-51 * sum / means[i].divisor);
    }
    tensor_free(weight);
    tensor_free(losses);
    tensor_free(exact);
    close_batch(&b);
}

/* One element of any rank for MEAN and SUM. */
static void test_loss_of_any_rank(void **state)
{
    struct batch b = open_batch(state, 2, 1);
    const int64_t ones[XENT_MAX_NDIM] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    expect_ok(xent_cross_entropy(b.z, b.y, NULL, b.loss));
    for (int32_t ndim = 1; ndim <= XENT_MAX_NDIM; ndim++) {
        xent_tensor *loss = tensor_new(b.dtype, ndim, ones, ROW_MAJOR);
        xent_tensor *grad_loss = tensor_of(b.dtype, ndim, ones, ROW_MAJOR, VALUES(1));
        expect_ok(xent_cross_entropy_grad(b.z, b.y, NULL, grad_loss, loss, b.grad));
        expect_bits(loss, 0, tensor_bits(b.loss, 0));
        tensor_set(grad_loss, 0, 3);
        expect_ok(xent_nll_loss_backward(b.z, b.y, NULL, grad_loss, b.grad));
        assert_true(tensor_get(b.grad, 2) == -1.5 && tensor_get(b.grad, 4) == -1.5);
        tensor_free(loss);
        tensor_free(grad_loss);
    }
    close_batch(&b);
}

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_all_ignored),       cmocka_unit_test(test_ignored_row), cmocka_unit_test(test_ignore_index),
        cmocka_unit_test(test_total_weight_zero), cmocka_unit_test(test_divisor),     cmocka_unit_test(test_mean_of_all_parts),
        cmocka_unit_test(test_loss_of_any_rank),
    };
    return run_on_all_dtypes(each, sizeof each / sizeof each[0]);
}
