/* Weights and probabilities of zero, below zero, against masked classes; losses of zero; factors that overflow. */
#include "special_values.h"

/* Sums of gradients whose entries have been rounded to few digits. */
static double rounding(xent_dtype dtype) { return dtype == XENT_F16 ? 2e-3 : dtype == XENT_BF16 ? 8e-3 : 1e-5; }

static void test_masked_target(void **state)
{
    struct batch b = open_batch(state);
    spoil(&b, 1, -INFINITY);
    expect_loss_bits(&b, b.y, &b.none, bits_of(b.dtype, INFINITY));
    expect_finite_row(&b);
    assert_true(get_middle(&b, b.table, 1) == -1);
    double sum = 0;
    for (int64_t c = 0; c < b.classes; c++) sum += get_middle(&b, b.table, c);
    assert_true(fabs(sum) < rounding(b.dtype)); /* the other entries are probabilities */

    /* A weight of exactly 0 contributes exactly 0, even here. */
    tensor_set(b.weight, 1, 0);
    b.none.class_weight = b.weight;
    expect_loss_bits(&b, b.y, &b.none, 0);
    expect_zero_row(&b);
    close_batch(&b);
}

/* A sum and a mean over a row of +inf are +inf; the other rows' gradients stay what they are. */
static void test_infinite_row_in_a_sum(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *total = tensor_new(b.dtype, SCALAR, ROW_MAJOR);
    spoil(&b, 1, -INFINITY);
    for (int32_t reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_SUM; reduction++) {
        xent_options options = XENT_OPTIONS_INIT;
        options.reduction = reduction;
        expect_ok(xent_cross_entropy_grad(b.z, b.y, &options, NULL, total, b.table));
        expect_bits(total, 0, bits_of(b.dtype, INFINITY));
        expect_finite_row(&b);
        assert_true(isfinite(tensor_get(b.table, 0)) && tensor_get(b.table, 1) < 0);
    }
    tensor_free(total);
    close_batch(&b);
}

/* Probabilities against a masked class: 0 contributes 0, anything positive makes the loss +inf, negative ones -inf, both NaN; the
   gradient is S p - coef throughout. */
static void test_masked_probability(void **state)
{
    struct batch b = open_batch(state);
    const int64_t first = 0, last = b.classes - 1;
    const double tiny = b.dtype == XENT_F16 ? 0x1p-24 : 0x1p-100;
    const struct {
        double first, last;
        uint64_t loss;
    } expected[] = {
        { 0.5, 0, bits_of(b.dtype, INFINITY) },    { 0, tiny, bits_of(b.dtype, INFINITY) },
        { 0, -0.5, bits_of(b.dtype, -INFINITY) },  { -tiny, -0.5, bits_of(b.dtype, -INFINITY) },
        { 0.5, 0.25, bits_of(b.dtype, INFINITY) }, { 0.5, -0.5, canonical_nan(b.dtype) },
        { -0.5, tiny, canonical_nan(b.dtype) },
    };
    spoil(&b, first, -INFINITY);
    spoil(&b, last, -INFINITY);
    expect_ok(xent_cross_entropy(b.z, b.t, &b.none, b.losses));
    assert_true(isfinite(tensor_get(b.losses, 1)) && tensor_get(b.losses, 1) >= 0);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        set_middle(&b, b.t, first, expected[i].first);
        set_middle(&b, b.t, last, expected[i].last);
        expect_loss_bits(&b, b.t, &b.none, expected[i].loss);
        expect_finite_row(&b);
        assert_true(get_middle(&b, b.table, first) == -expected[i].first);
        assert_true(get_middle(&b, b.table, last) == -expected[i].last);
    }
    close_batch(&b);
}

/* A weight of 0 at the masked classes makes their probabilities count for nothing. */
static void test_masked_probability_without_weight(void **state)
{
    struct batch b = open_batch(state);
    const int64_t last = b.classes - 1;
    spoil(&b, last, -INFINITY);
    expect_ok(xent_cross_entropy(b.z, b.t, &b.none, b.losses));
    const uint64_t loss = tensor_bits(b.losses, 1);
    tensor_set(b.weight, last, 0);
    b.none.class_weight = b.weight;
    const double probabilities[] = { 0, 0.5, -0.5 };
    for (int i = 0; i < 3; i++) {
        set_middle(&b, b.t, last, probabilities[i]);
        expect_loss_bits(&b, b.t, &b.none, loss);
        assert_true(get_middle(&b, b.table, last) == 0);
        expect_finite_row(&b);
    }
    close_batch(&b);
}

/* A probability that is no number makes the row's loss and its whole gradient row no numbers, and canonical ones. */
static void test_probability_that_is_no_number(void **state)
{
    struct batch b = open_batch(state);
    set_middle(&b, b.t, b.classes - 1, -NAN);
    expect_loss_bits(&b, b.t, &b.none, canonical_nan(b.dtype));
    expect_nan_row(&b);
    assert_true(isfinite(tensor_get(b.losses, 0)) && isfinite(tensor_get(b.losses, 2)));
    close_batch(&b);
}

/* Losses of zero are +0.0: a row that is certain, targets of no weight, of either zero. */
static void test_zero_loss_is_positive(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *t = tensor_new(b.dtype, SHAPE(3, b.classes), ROW_MAJOR);
    spoil_all(&b, -INFINITY);
    spoil(&b, 1, -3);
    expect_loss_bits(&b, b.y, &b.none, 0);
    expect_loss_bits(&b, b.t, &b.none, 0);
    expect_loss_bits(&b, t, &b.none, 0);
    set_middle(&b, t, 1, -1);
    expect_loss_bits(&b, t, &b.none, 0);
    for (int64_t c = 0; c < b.classes; c++) set_middle(&b, t, c, -0.0);
    expect_loss_bits(&b, t, &b.none, 0);
    for (int64_t c = 0; c < b.classes; c++) tensor_set(b.weight, c, -0.0);
    b.none.class_weight = b.weight;
    expect_loss_bits(&b, b.y, &b.none, 0);
    tensor_free(t);
    close_batch(&b);
}

/* Where grad_loss / divisor overflows, an entry that is exactly 0 stays 0; a NaN in grad_loss is canonical in the gradient. */
static void test_overflowing_factor(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *grad_loss = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, VALUES(1e30));
    xent_options mean = XENT_OPTIONS_INIT;
    mean.normalizer = 1e-300;
    spoil(&b, 0, -INFINITY);
    compute_gradient(&b, b.y, &mean, grad_loss);
    assert_true(get_middle(&b, b.table, 0) == 0);
    assert_true(get_middle(&b, b.table, 1) == -INFINITY);
    assert_true(get_middle(&b, b.table, 2) == INFINITY);
    /* a row that is certain, and one without weight */
    spoil_all(&b, -INFINITY);
    spoil(&b, 1, 3);
    compute_gradient(&b, b.y, &mean, grad_loss);
    expect_zero_row(&b);
    compute_gradient(&b, b.t, &mean, grad_loss);
    expect_zero_row(&b);
    restore(&b);
    for (int64_t c = 0; c < b.classes; c++) tensor_set(b.weight, c, 0);
    mean.class_weight = b.weight;
    compute_gradient(&b, b.y, &mean, grad_loss);
    expect_zero_row(&b);
    mean.class_weight = NULL;
    tensor_set(grad_loss, 0, -NAN);
    compute_gradient(&b, b.y, &mean, grad_loss);
    expect_nan_row(&b);
    tensor_free(grad_loss);
    close_batch(&b);
}

/* An infinite or negative grad_loss is a factor like any other. */
static void test_infinite_grad_loss(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *grad_loss = tensor_of(b.dtype, SHAPE(3), ROW_MAJOR, VALUES(0, -INFINITY, -0.0));
    spoil(&b, 0, -INFINITY);
    compute_gradient(&b, b.y, &b.none, grad_loss);
    assert_true(get_middle(&b, b.table, 0) == 0);
    assert_true(get_middle(&b, b.table, 1) == INFINITY);
    assert_true(get_middle(&b, b.table, 2) == -INFINITY);
    for (int64_t c = 0; c < b.classes; c++)
        assert_true(tensor_get(b.table, c) == 0 && tensor_get(b.table, 2 * b.classes + c) == 0);
    tensor_free(grad_loss);
    close_batch(&b);
}

/* Counted rows of no weight under MEAN: the divisor is 0, and 0 / 0 is no number, in an entry that is 0 as well. */
static void test_divisor_of_zero(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *loss = tensor_new(b.dtype, SCALAR, ROW_MAJOR);
    xent_options mean = XENT_OPTIONS_INIT;
    for (int64_t c = 0; c < b.classes; c++) tensor_set(b.weight, c, c == 1 ? 0 : 1);
    mean.class_weight = b.weight;
    spoil(&b, 0, -INFINITY);
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &mean, NULL, loss, b.table));
    expect_bits(loss, 0, canonical_nan(b.dtype));
    expect_nan_row(&b);
    tensor_free(loss);
    close_batch(&b);
}

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_masked_target),
        cmocka_unit_test(test_infinite_row_in_a_sum),
        cmocka_unit_test(test_masked_probability),
        cmocka_unit_test(test_masked_probability_without_weight),
        cmocka_unit_test(test_probability_that_is_no_number),
        cmocka_unit_test(test_zero_loss_is_positive),
        cmocka_unit_test(test_overflowing_factor),
        cmocka_unit_test(test_infinite_grad_loss),
        cmocka_unit_test(test_divisor_of_zero),
    };
    return run_on_all_sizes(each, sizeof each / sizeof each[0]);
}
