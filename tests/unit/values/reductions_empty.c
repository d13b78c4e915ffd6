/* MEAN, SUM and NONE of nothing, or of next to nothing: empty batches, no classes, one class. That nothing is written where there is
   nothing to write, in every operation, is in placement/empty.c. */
#include <math.h>

#include "each_dtype.h"

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

/* The sum over no classes has the logarithm -inf. */
static void test_no_classes(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    xent_tensor *z = tensor_new(dtype, SHAPE(2, 0), ROW_MAJOR), *lse = tensor_new(dtype, SHAPE(2), ROW_MAJOR);
    xent_tensor *infinity = tensor_of(dtype, SCALAR, ROW_MAJOR, VALUES(-INFINITY));
    expect_ok(xent_logsumexp(z, 1, lse));
    expect_bits(lse, 0, tensor_bits(infinity, 0));
    expect_bits(lse, 1, tensor_bits(infinity, 0));
    tensor_free(z);
    tensor_free(lse);
    tensor_free(infinity);
}

/* Of weights for no class none is read, though there are rows, which can but be ignored. */
static void test_divisor_of_no_classes(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    xent_tensor *y = tensor_of(XENT_I64, SHAPE(3), ROW_MAJOR, VALUES(-100, -100, -100)), *weight;
    xent_tensor *row_weights[] = { NULL, tensor_of(dtype, SHAPE(3), ROW_MAJOR, VALUES(1, 0, 2)) };
    expect_ok(xent_tensor_wrap_const(&weight, dtype, SHAPE(0), NULL, NULL));
    for (int k = 0; k < 2; k++) {
        xent_options options = XENT_OPTIONS_INIT;
        double divisor = 7;
        options.class_weight = weight;
        options.row_weight = row_weights[k];
        expect_ok(xent_mean_divisor(y, &options, &divisor));
        assert_true(divisor == 0);
        options.ignore_index = 1;
        expect_error(xent_mean_divisor(y, &options, &divisor), XENT_ERROR_TARGET, "target[0] = -100 is outside [0, 0)");
    }
    xent_tensor_destroy(weight);
    tensor_free(row_weights[1]);
    tensor_free(y);
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

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_empty_batch),
        cmocka_unit_test(test_no_classes),
        cmocka_unit_test(test_divisor_of_no_classes),
        cmocka_unit_test(test_one_class),
    };
    return run_on_all_dtypes(each, sizeof each / sizeof each[0]);
}
