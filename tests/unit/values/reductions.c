/* MEAN, SUM and NONE at their edges: nothing to add up, ignored rows, weights of zero, a normalizer, one class or
   none. */
#include <math.h>
#include <string.h>

#include "support/backend.h"
#include "support/tensors.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

static void expect_bits(const xent_tensor *t, int64_t i, uint64_t bits)
{
    if (tensor_bits(t, i) != bits)
        fail_msg("element %lld of dtype %d has the bits %llx, expected %llx", (long long)i, (int)xent_tensor_dtype(t),
                 (unsigned long long)tensor_bits(t, i), (unsigned long long)bits);
}

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

/* An empty batch, of rank 2 and higher, with each kind of target. */
static void test_empty_batch(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    const struct {
        int32_t ndim;
        int64_t shape[4], batch[3];
    } empties[] = {
        { 2, { 0, 3 }, { 0 } }, { 2, { 0, 0 }, { 0 } }, { 4, { 2, 3, 0, 5 }, { 2, 0, 5 } }, { 3, { 2, 0, 0 }, { 2, 0 } }
    };
    for (size_t i = 0; i < sizeof empties / sizeof empties[0]; i++) {
        const int32_t ndim = empties[i].ndim;
        xent_tensor *z = tensor_new(dtype, ndim, empties[i].shape, ROW_MAJOR);
        xent_tensor *targets[] = { tensor_new(XENT_I64, ndim - 1, empties[i].batch, ROW_MAJOR),
                                   tensor_new(dtype, ndim, empties[i].shape, ROW_MAJOR) };
        xent_tensor *none = tensor_new(dtype, ndim - 1, empties[i].batch, ROW_MAJOR);
        xent_tensor *loss = tensor_new(dtype, SCALAR, ROW_MAJOR), *grad = tensor_new(dtype, ndim, empties[i].shape, ROW_MAJOR);
        for (int k = 0; k < 2; k++) {
            xent_options options = XENT_OPTIONS_INIT;
            double divisor = 7;
            expect_ok(xent_cross_entropy_grad(z, targets[k], &options, NULL, loss, grad));
            expect_bits(loss, 0, canonical_nan(dtype));
            expect_ok(xent_nll_loss(z, targets[k], &options, loss));
            expect_bits(loss, 0, canonical_nan(dtype));
            expect_ok(xent_mean_divisor(targets[k], &options, &divisor));
            assert_true(divisor == 0);
            options.normalizer = 2;
            tensor_set(loss, 0, 7);
            expect_ok(xent_cross_entropy(z, targets[k], &options, loss));
            expect_bits(loss, 0, 0);
            options.reduction = XENT_REDUCTION_SUM;
            tensor_set(loss, 0, 7);
            expect_ok(xent_cross_entropy(z, targets[k], &options, loss));
            expect_bits(loss, 0, 0);
            options.reduction = XENT_REDUCTION_NONE;
            expect_ok(xent_cross_entropy(z, targets[k], &options, none));
            tensor_free(targets[k]);
        }
        tensor_free(z);
        tensor_free(none);
        tensor_free(loss);
        tensor_free(grad);
    }
}

/* Strides of a tensor without elements may be anything. */
static void test_strides_of_nothing(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    const int64_t shape[3] = { 5, 3, 0 }, strides[3] = { INT64_MAX, INT64_MIN, INT64_MAX };
    xent_tensor *z = tensor_strided(dtype, 3, shape, strides, NULL), *loss = tensor_of(dtype, SCALAR, ROW_MAJOR, VALUES(7));
    xent_tensor *y = tensor_strided(XENT_I32, SHAPE(5, 0), strides, NULL),
                *lse = tensor_strided(dtype, SHAPE(5, 0), strides, NULL);
    double divisor = 7;
    expect_ok(xent_softmax(z, 1, z));
    expect_ok(xent_log_softmax(z, 0, z));
    expect_ok(xent_softmax_backward(z, z, 1, z));
    expect_ok(xent_log_softmax_backward(z, z, 0, z));
    expect_ok(xent_nll_loss_backward(z, y, NULL, NULL, z));
    expect_ok(xent_log(z, z));
    expect_ok(xent_logsumexp(z, 1, lse));
    expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, loss, z));
    expect_bits(loss, 0, canonical_nan(dtype));
    expect_ok(xent_cross_entropy_grad(z, z, NULL, NULL, loss, z));
    expect_ok(xent_nll_loss(z, y, NULL, loss));
    expect_ok(xent_mean_divisor(y, NULL, &divisor));
    assert_true(divisor == 0);
    xent_tensor_destroy(z);
    xent_tensor_destroy(y);
    xent_tensor_destroy(lse);
    tensor_free(loss);
}

/* No row, so no memory to work on one in, however many classes it would have. */
static void test_many_classes_of_nothing(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    xent_tensor *z = tensor_over(dtype, SHAPE(0, INT64_C(1) << 58), NULL), *y = tensor_new(XENT_I64, SHAPE(0), ROW_MAJOR);
    xent_tensor *loss = tensor_of(dtype, SCALAR, ROW_MAJOR, VALUES(7));
    expect_ok(xent_softmax(z, 1, z));
    expect_ok(xent_log_softmax(z, 1, z));
    expect_ok(xent_softmax_backward(z, z, 1, z));
    expect_ok(xent_log_softmax_backward(z, z, 1, z));
    expect_ok(xent_nll_loss_backward(z, y, NULL, NULL, z));
    expect_ok(xent_nll_loss_backward(z, z, NULL, NULL, z));
    expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, loss, z));
    expect_bits(loss, 0, canonical_nan(dtype));
    expect_ok(xent_cross_entropy_grad(z, z, NULL, NULL, loss, z));
    xent_tensor_destroy(z);
    tensor_free(y);
    tensor_free(loss);
}

/* Rows without classes: no loss can be had, softmax has nothing to write, and the sum over nothing has the logarithm
   -inf. */
static void test_no_classes(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    xent_tensor *z = tensor_new(dtype, SHAPE(2, 0), ROW_MAJOR),
                *y = tensor_of(XENT_I8, SHAPE(2), ROW_MAJOR, VALUES(-100, -100));
    xent_tensor *lse = tensor_new(dtype, SHAPE(2), ROW_MAJOR), *loss = tensor_of(dtype, SCALAR, ROW_MAJOR, VALUES(7));
    xent_tensor *infinity = tensor_of(dtype, SCALAR, ROW_MAJOR, VALUES(-INFINITY));
    expect_ok(xent_softmax(z, 1, z));
    expect_ok(xent_log_softmax(z, 1, z));
    expect_ok(xent_softmax_backward(z, z, 1, z));
    expect_ok(xent_log_softmax_backward(z, z, 1, z));
    expect_ok(xent_logsumexp(z, 1, lse));
    expect_bits(lse, 0, tensor_bits(infinity, 0));
    expect_bits(lse, 1, tensor_bits(infinity, 0));
    assert_int_equal(xent_cross_entropy(z, y, NULL, loss), XENT_ERROR_SHAPE);
    assert_int_equal(xent_cross_entropy(z, z, NULL, loss), XENT_ERROR_SHAPE);
    assert_int_equal(xent_nll_loss(z, y, NULL, loss), XENT_ERROR_SHAPE);
    assert_int_equal(xent_nll_loss_backward(z, y, NULL, NULL, z), XENT_ERROR_SHAPE);
    assert_true(tensor_get(loss, 0) == 7);
    tensor_free(z);
    tensor_free(y);
    tensor_free(lse);
    tensor_free(loss);
    tensor_free(infinity);
}

/* With one class there is nothing to be wrong about, unless its logit is no number. */
static void test_one_class(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    const double logits[] = { 5, -6e4, 0, -0.0, NAN, INFINITY, -INFINITY };
    xent_tensor *z = tensor_of(dtype, SHAPE(7, 1), ROW_MAJOR, logits), *y = tensor_new(XENT_U8, SHAPE(7), ROW_MAJOR);
    xent_tensor *t = tensor_of(dtype, SHAPE(7, 1), ROW_MAJOR, VALUES(1, 1, 0.5, 1, 1, 1, 1));
    xent_tensor *loss = tensor_new(dtype, SHAPE(7), ROW_MAJOR), *grad = tensor_new(dtype, SHAPE(7, 1), ROW_MAJOR);
    const xent_tensor *targets[] = { y, t };
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = XENT_REDUCTION_NONE;
    for (int k = 0; k < 2; k++) {
        expect_ok(xent_cross_entropy_grad(z, targets[k], &options, NULL, loss, grad));
        for (int64_t i = 0; i < 7; i++) {
            expect_bits(loss, i, i < 4 ? 0 : canonical_nan(dtype));
            if (i < 4)
                assert_true(tensor_get(grad, i) == 0);
            else
                expect_bits(grad, i, canonical_nan(dtype));
        }
    }
    tensor_free(z);
    tensor_free(y);
    tensor_free(t);
    tensor_free(loss);
    tensor_free(grad);
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
        cmocka_unit_test(test_empty_batch),
        cmocka_unit_test(test_strides_of_nothing),
        cmocka_unit_test(test_many_classes_of_nothing),
        cmocka_unit_test(test_no_classes),
        cmocka_unit_test(test_one_class),
        cmocka_unit_test(test_all_ignored),
        cmocka_unit_test(test_ignored_row),
        cmocka_unit_test(test_ignore_index),
        cmocka_unit_test(test_total_weight_zero),
        cmocka_unit_test(test_divisor),
        cmocka_unit_test(test_mean_of_all_parts),
        cmocka_unit_test(test_loss_of_any_rank),
    };
    enum { EACH = sizeof each / sizeof each[0] };
    struct CMUnitTest tests[DTYPES * EACH];
    require_backend();
    for (int i = 0; i < DTYPES * EACH; i++) {
        tests[i] = each[i / DTYPES];
        tests[i].initial_state = (void *)(uintptr_t)&dtypes[i % DTYPES];
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
