/* What nll_loss and its gradient make of special values: they judge nothing but the entries that have a coefficient. */
#include "special_values.h"

/* Fills the middle row with what must not be read. */
static void spoil_the_rest(struct batch *b)
{
    spoil_all(b, NAN);
    spoil(b, 0, INFINITY);
    spoil(b, b->classes - 1, -INFINITY);
}

static void test_reads_its_entries_only(void **state)
{
    struct batch b = open_batch(state);
    const xent_tensor *const targets[] = { b.y, b.t };
    const struct {
        double logp;
        uint64_t loss;
    } expected[] = {
        { -2, bits_of(b.dtype, 2) },
        { -INFINITY, bits_of(b.dtype, INFINITY) },
        { INFINITY, bits_of(b.dtype, -INFINITY) },
        { NAN, canonical_nan(b.dtype) },
        { 0.0, 0 },
        { -0.0, 0 },
    };
    spoil_the_rest(&b);
    for (int i = 0; i < 6; i++) {
        spoil(&b, 1, expected[i].logp);
        for (int k = 0; k < 2; k++) {
            expect_ok(xent_nll_loss(b.z, targets[k], &b.none, b.losses));
            expect_bits(b.losses, 1, expected[i].loss);
        }
    }
    /* A coefficient of 0 contributes 0 against anything too. */
    for (int64_t c = 0; c < b.classes; c++) tensor_set(b.weight, c, 0);
    b.none.class_weight = b.weight;
    for (int i = 0; i < 6; i++) {
        spoil(&b, 1, expected[i].logp);
        for (int k = 0; k < 2; k++) {
            expect_ok(xent_nll_loss(b.z, targets[k], &b.none, b.losses));
            expect_bits(b.losses, 1, 0);
        }
    }
    close_batch(&b);
}

/* Products are IEEE's, of any probability and any log-probability. */
static void test_products(void **state)
{
    struct batch b = open_batch(state);
    const struct {
        double t, logp;
        uint64_t loss;
    } expected[] = {
        { -1, -INFINITY, bits_of(b.dtype, -INFINITY) },
        { -0.5, -2, bits_of(b.dtype, -1) },
        { INFINITY, -2, bits_of(b.dtype, INFINITY) },
        { INFINITY, 0, canonical_nan(b.dtype) },
        { NAN, -2, canonical_nan(b.dtype) },
        { -0.0, -INFINITY, 0 },
        { -0.0, NAN, 0 },
        { 0.5, 0.25, bits_of(b.dtype, -0.125) },
    };
    spoil_the_rest(&b);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        set_middle(&b, b.t, 1, expected[i].t);
        spoil(&b, 1, expected[i].logp);
        expect_ok(xent_nll_loss(b.z, b.t, &b.none, b.losses));
        expect_bits(b.losses, 1, expected[i].loss);
    }
    /* both infinities in one row */
    spoil(&b, 1, INFINITY);
    set_middle(&b, b.t, 1, 1);
    set_middle(&b, b.t, b.classes - 1, 1);
    expect_ok(xent_nll_loss(b.z, b.t, &b.none, b.losses));
    expect_bits(b.losses, 1, canonical_nan(b.dtype));
    close_batch(&b);
}

/* A row of NaN in a mean, as long as its target has a number. */
static void test_reductions(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *total = tensor_new(b.dtype, SCALAR, ROW_MAJOR);
    xent_options options = XENT_OPTIONS_INIT;
    for (int64_t row = 0; row < 3; row++) tensor_set(b.z, row * b.classes + 1, -2);
    spoil_the_rest(&b);
    spoil(&b, 1, -5);
    expect_ok(xent_nll_loss(b.z, b.y, &options, total));
    expect_bits(total, 0, bits_of(b.dtype, 3));
    options.reduction = XENT_REDUCTION_SUM;
    expect_ok(xent_nll_loss(b.z, b.y, &options, total));
    expect_bits(total, 0, bits_of(b.dtype, 9));
    spoil(&b, 1, -INFINITY);
    expect_ok(xent_nll_loss(b.z, b.y, &options, total));
    expect_bits(total, 0, bits_of(b.dtype, INFINITY));
    tensor_free(total);
    close_batch(&b);
}

/* ---- Gradient ---------------------------------------------------------------------------------------------------------- */

static void backward(const struct batch *b, const xent_tensor *target, const xent_options *options,
                     const xent_tensor *grad_loss)
{
    memset(xent_tensor_data(b->table), 0x77, (size_t)(3 * b->classes) * xent_dtype_size(b->dtype));
    expect_ok(xent_nll_loss_backward(b->z, target, options, grad_loss, b->table));
}

/* One entry of the middle row, +0.0 in the others. */
static void expect_entry(const struct batch *b, int64_t at, uint64_t bits)
{
    for (int64_t c = 0; c < b->classes; c++) expect_bits(b->table, b->classes + c, c == at ? bits : 0);
}

/* It depends on the coefficients alone. */
static void test_gradient_reads_no_log_probabilities(void **state)
{
    struct batch b = open_batch(state);
    const double values[] = { NAN, INFINITY, -INFINITY, -1 };
    for (int i = 0; i < 4; i++) {
        spoil_all(&b, values[i]);
        backward(&b, b.y, &b.none, NULL);
        expect_entry(&b, 1, bits_of(b.dtype, -1));
        backward(&b, b.t, &b.none, NULL);
        expect_entry(&b, 1, bits_of(b.dtype, -1));
    }
    close_batch(&b);
}

static void test_gradient_of_coefficients(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *grad_loss = tensor_of(b.dtype, SHAPE(3), ROW_MAJOR, VALUES(1, -2, 1));
    tensor_set(b.weight, 1, 0.25);
    b.none.class_weight = b.weight;
    backward(&b, b.y, &b.none, grad_loss);
    expect_entry(&b, 1, bits_of(b.dtype, 0.5));
    set_middle(&b, b.t, 1, -3);
    backward(&b, b.t, &b.none, grad_loss);
    expect_entry(&b, 1, bits_of(b.dtype, -1.5));
    set_middle(&b, b.t, 1, -0.0);
    backward(&b, b.t, &b.none, grad_loss);
    expect_entry(&b, 1, 0);
    set_middle(&b, b.t, 1, NAN);
    backward(&b, b.t, &b.none, grad_loss);
    expect_entry(&b, 1, canonical_nan(b.dtype));
    set_middle(&b, b.t, 1, INFINITY);
    backward(&b, b.t, &b.none, grad_loss);
    expect_entry(&b, 1, bits_of(b.dtype, INFINITY));
    tensor_set(b.weight, 1, 0);
    backward(&b, b.y, &b.none, grad_loss);
    expect_entry(&b, 1, 0);
    tensor_free(grad_loss);
    close_batch(&b);
}

/* +0.0 in ignored rows and where there is no coefficient, whatever grad_loss holds and however large it grows. */
static void test_gradient_of_nothing(void **state)
{
    struct batch b = open_batch(state);
    const double upstreams[] = { 1, -1, NAN, INFINITY, -INFINITY, -0.0 };
    xent_tensor *grad_loss = tensor_of(b.dtype, SHAPE(3), ROW_MAJOR, VALUES(1, 1, 1));
    tensor_set(b.y, 0, -100);
    for (int i = 0; i < 6; i++) {
        for (int64_t row = 0; row < 3; row++) tensor_set(grad_loss, row, upstreams[i]);
        backward(&b, b.y, &b.none, grad_loss);
        for (int64_t c = 0; c < b.classes; c++) expect_bits(b.table, c, 0);
        for (int64_t c = 0; c < b.classes; c++)
            if (c != 1) expect_bits(b.table, b.classes + c, 0);
        backward(&b, b.t, &b.none, grad_loss);
        for (int64_t c = 0; c < b.classes; c++)
            if (c != 1) expect_bits(b.table, b.classes + c, 0);
        if (isnan(upstreams[i])) expect_bits(b.table, b.classes + 1, canonical_nan(b.dtype));
    }
    tensor_free(grad_loss);
    grad_loss = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, VALUES(1e30));
    xent_options mean = XENT_OPTIONS_INIT;
    mean.normalizer = 1e-300;
    backward(&b, b.y, &mean, grad_loss);
    expect_entry(&b, 1, bits_of(b.dtype, -INFINITY));
    backward(&b, b.t, &mean, grad_loss);
    expect_entry(&b, 1, bits_of(b.dtype, -INFINITY));
    tensor_free(grad_loss);
    close_batch(&b);
}

/* A wholly ignored batch has a gradient of zeros though its divisor is 0; a counted row of no weight has none to be had. */
static void test_gradient_by_a_divisor_of_zero(void **state)
{
    struct batch b = open_batch(state);
    xent_options mean = XENT_OPTIONS_INIT;
    tensor_set(b.weight, 1, 0);
    mean.class_weight = b.weight;
    tensor_set(b.y, 0, -100);
    backward(&b, b.y, &mean, NULL);
    for (int64_t c = 0; c < b.classes; c++) expect_bits(b.table, c, 0);
    expect_bits(b.table, b.classes + 1, canonical_nan(b.dtype));
    for (int64_t row = 0; row < 3; row++) tensor_set(b.y, row, -100);
    backward(&b, b.y, &mean, NULL);
    for (int64_t i = 0; i < 3 * b.classes; i++) expect_bits(b.table, i, 0);
    close_batch(&b);
}

/* In place, its own memory is what it does not read. */
static void test_gradient_in_place(void **state)
{
    struct batch b = open_batch(state);
    spoil_the_rest(&b);
    expect_ok(xent_nll_loss_backward(b.z, b.t, &b.none, NULL, b.z));
    for (int64_t c = 0; c < b.classes; c++) expect_bits(b.z, b.classes + c, c == 1 ? bits_of(b.dtype, -1) : 0);
    close_batch(&b);
}

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_reads_its_entries_only),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_gradient_reads_no_log_probabilities),
        cmocka_unit_test(test_gradient_of_coefficients),
        cmocka_unit_test(test_gradient_of_nothing),
        cmocka_unit_test(test_gradient_by_a_divisor_of_zero),
        cmocka_unit_test(test_gradient_in_place),
    };
    return run_on_all_sizes(each, sizeof each / sizeof each[0]);
}
