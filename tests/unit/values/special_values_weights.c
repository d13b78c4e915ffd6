/* What row weights make of special values: a row of weight 0 is not looked at; weights next to the largest and the smallest numbers meet
   others like them. */
#include "special_values.h"

static xent_tensor *weights(double first, double middle, double last)
{
    return tensor_of(XENT_F64, SHAPE(3), ROW_MAJOR, VALUES(first, middle, last));
}

/* Row i of the table, as bytes. */
static void expect_same_row(const struct batch *b, const xent_tensor *got, const xent_tensor *want, int64_t row)
{
    const int64_t from = row * b->classes;
    for (int64_t c = 0; c < b->classes; c++) assert_true(tensor_bits(got, from + c) == tensor_bits(want, from + c));
}

/* The middle row's logits and probabilities are NaN: nobody sees them. */
static void test_weight_0_is_not_read(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *clean = tensor_new(b.dtype, SHAPE(3, b.classes), ROW_MAJOR), *mean = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    for (int k = 0; k < 4; k++) { /* the second time by a weight of -0.0 */
        const xent_tensor *target = target_of(&b, k % 2);
        xent_tensor *row_weight = weights(1, k < 2 ? 0.0 : -0.0, 1);
        xent_options options = b.none;
        restore(&b);
        for (int64_t c = 0; c < b.classes; c++) set_middle(&b, b.t, c, c == 1);
        expect_ok(xent_cross_entropy_grad(b.z, target, &b.none, NULL, NULL, clean));
        options.row_weight = row_weight;
        spoil_all(&b, NAN);
        for (int64_t c = 0; c < b.classes; c++) set_middle(&b, b.t, c, NAN);
        expect_loss_bits(&b, target, &options, 0);
        for (int64_t c = 0; c < b.classes; c++) expect_bits(b.table, b.classes + c, 0);
        expect_same_row(&b, b.table, clean, 0);
        expect_same_row(&b, b.table, clean, 2);
        expect_ok(xent_nll_loss(b.z, target, &options, b.losses));
        expect_bits(b.losses, 1, 0);
        expect_ok(xent_nll_loss_backward(b.z, target, &options, NULL, b.table));
        for (int64_t c = 0; c < b.classes; c++) expect_bits(b.table, b.classes + c, 0);
        options.reduction = XENT_REDUCTION_MEAN;
        expect_ok(xent_cross_entropy(b.z, target, &options, mean));
        assert_true(isfinite(tensor_get(mean, 0)));
        tensor_free(row_weight);
    }
    tensor_free(clean);
    tensor_free(mean);
    close_batch(&b);
}

/* Any other weight, however small, leaves a NaN what it is. */
static void test_nan_keeps_its_weight(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *row_weight = weights(1, 0x1p-1074, 1);
    b.none.row_weight = row_weight;
    for (int which = 0; which < NANS; which++) {
        spoil_with_nan(&b, 0, which);
        expect_poisoned(&b, &b.none);
    }
    tensor_free(row_weight);
    close_batch(&b);
}

/* Nothing counts: 0/0, or 0 by a normalizer. */
static void test_all_ignored(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *row_weight = weights(0, 0, 0), *result = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    double divisor = 7;
    xent_options options = b.none;
    options.row_weight = row_weight;
    for (int k = 0; k < 2; k++) {
        options.normalizer = 0;
        expect_ok(xent_mean_divisor(target_of(&b, k), &options, &divisor));
        assert_true(divisor == 0);
        options.reduction = XENT_REDUCTION_MEAN;
        expect_ok(xent_cross_entropy_grad(b.z, target_of(&b, k), &options, NULL, result, b.table));
        expect_bits(result, 0, canonical_nan(XENT_F64));
        for (int64_t i = 0; i < 3 * b.classes; i++) expect_bits(b.table, i, 0);
        expect_ok(xent_nll_loss_backward(b.z, target_of(&b, k), &options, NULL, b.table));
        for (int64_t i = 0; i < 3 * b.classes; i++) expect_bits(b.table, i, 0);
        options.normalizer = 2;
        expect_ok(xent_cross_entropy(b.z, target_of(&b, k), &options, result));
        expect_bits(result, 0, 0);
        options.reduction = XENT_REDUCTION_SUM;
        expect_ok(xent_nll_loss(b.z, target_of(&b, k), &options, result));
        expect_bits(result, 0, 0);
    }
    tensor_free(row_weight);
    tensor_free(result);
    close_batch(&b);
}

/* Class and row weights of which none is 0, but every product of two: 0/0 as well. */
static void test_products_underflow(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *row_weight = weights(1e-200, 1e-200, 1e-200), *result = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    xent_tensor *class_weight = tensor_new(XENT_F64, SHAPE(b.classes), ROW_MAJOR);
    xent_options options = b.none;
    options.reduction = XENT_REDUCTION_MEAN;
    options.row_weight = row_weight;
    options.class_weight = class_weight;
    for (int64_t c = 0; c < b.classes; c++) tensor_set(class_weight, c, 1e-200);
    expect_ok(xent_nll_loss(b.z, b.y, &options, result));
    expect_bits(result, 0, canonical_nan(XENT_F64));
    expect_ok(xent_nll_loss_backward(b.z, b.y, &options, NULL, b.table));
    for (int64_t row = 0; row < 3; row++)
        expect_bits(b.table, row * b.classes + (int64_t)tensor_get(b.y, row), canonical_nan(b.dtype));
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &options, NULL, result, b.table));
    expect_bits(result, 0, canonical_nan(XENT_F64));
    for (int64_t i = 0; i < 3 * b.classes; i++) expect_bits(b.table, i, canonical_nan(b.dtype));
    tensor_free(row_weight);
    tensor_free(class_weight);
    tensor_free(result);
    close_batch(&b);
}

/* A target is checked whatever its row's weight is: ignore_index alone exempts it. */
static void test_targets_are_checked(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *row_weight = weights(1, 0, 1);
    b.none.row_weight = row_weight;
    tensor_set(b.y, 1, (double)b.classes);
    assert_int_equal(xent_cross_entropy(b.z, b.y, &b.none, b.losses), XENT_ERROR_TARGET);
    tensor_set(b.y, 1, -100);
    expect_loss_bits(&b, b.y, &b.none, 0);
    tensor_free(row_weight);
    close_batch(&b);
}

/* Weights that are all the same small or large power of two are none, for a mean. */
static void test_mean_of_extreme_weights(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *clean = tensor_new(b.dtype, SHAPE(3, b.classes), ROW_MAJOR);
    xent_tensor *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR), *want = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    const double extremes[] = { 0x1p-1070, 0x1p-1000, 0x1p1015 };
    xent_options mean = b.none;
    mean.reduction = XENT_REDUCTION_MEAN;
    for (int k = 0; k < 2; k++) {
        mean.row_weight = NULL;
        expect_ok(xent_cross_entropy_grad(b.z, target_of(&b, k), &mean, NULL, want, clean));
        for (int i = 0; i < 3; i++) {
            xent_tensor *row_weight = weights(extremes[i], extremes[i], extremes[i]);
            mean.row_weight = row_weight;
            expect_ok(xent_cross_entropy_grad(b.z, target_of(&b, k), &mean, NULL, loss, b.table));
            for (int64_t row = 0; row < 3; row++) expect_same_row(&b, b.table, clean, row);
            if (i > 0) assert_true(tensor_get(loss, 0) == tensor_get(want, 0)); /* else the products are subnormal */
            tensor_free(row_weight);
        }
    }
    tensor_free(clean);
    tensor_free(loss);
    tensor_free(want);
    close_batch(&b);
}

/* grad_loss * row_weight / divisor, whose parts two by two are too large or too small for a double. */
static void test_factors_meet(void **state)
{
    struct batch b = open_batch(state);
    const struct {
        double grad_loss, row_weight, normalizer, factor;
    } cases[] = {
        { 0x1.6p-3, 0x1p1023, 0x1p1023, 0x1.6p-3 }, /* grad_loss / normalizer is subnormal */
        { 0x1.6p-60, 0x1p1023, 0x1p963, 0x1.6p0 },
        { 0x1.6p1000, 0x1p-1060, 0x1p-60, 0x1.6p0 }, /* infinite */
        { 0x1.6p-1050, 0x1p1000, 0x1p-50, 0x1.6p0 },
    };
    xent_tensor *clean = tensor_new(b.dtype, SHAPE(3, b.classes), ROW_MAJOR);
    xent_options mean = b.none;
    mean.reduction = XENT_REDUCTION_MEAN;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        xent_tensor *row_weight = weights(cases[i].row_weight, cases[i].row_weight, cases[i].row_weight);
        xent_tensor *grad_loss = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, &cases[i].grad_loss);
        xent_tensor *factor = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, &cases[i].factor);
        mean.row_weight = NULL;
        mean.normalizer = 1;
        expect_ok(xent_cross_entropy_grad(b.z, b.y, &mean, factor, NULL, clean));
        mean.row_weight = row_weight;
        mean.normalizer = cases[i].normalizer;
        expect_ok(xent_cross_entropy_grad(b.z, b.y, &mean, grad_loss, NULL, b.table));
        for (int64_t row = 0; row < 3; row++) expect_same_row(&b, b.table, clean, row);
        tensor_free(row_weight);
        tensor_free(grad_loss);
        tensor_free(factor);
    }
    tensor_free(clean);
    close_batch(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_0_is_not_read), cmocka_unit_test(test_nan_keeps_its_weight),
        cmocka_unit_test(test_all_ignored),          cmocka_unit_test(test_products_underflow),
        cmocka_unit_test(test_targets_are_checked),  cmocka_unit_test(test_mean_of_extreme_weights),
        cmocka_unit_test(test_factors_meet),
    };
    return run_on_all_sizes(tests, sizeof tests / sizeof tests[0]);
}
