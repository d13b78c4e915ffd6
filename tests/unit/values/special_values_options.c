/* Special values that the options bring about: smoothing against masked classes, a z-loss that overflows, and all of them together. Those
   of scale and softcap alone are in special_values_scale.c. */
#include "special_values.h"

/* ---- Label smoothing --------------------------------------------------------------------------------------------------- */

/* It gives every class a coefficient, a masked one too: +inf, while the gradient there is that coefficient. A weight of 0 takes it
   away again: the way to smooth with masked classes. */
static void test_smoothing_masked(void **state)
{
    struct batch b = open_batch(state);
    const int64_t last = b.classes - 1;
    b.none.label_smoothing = 0.25;
    spoil(&b, last, -INFINITY);
    for (int kind = 0; kind < 2; kind++) {
        b.none.class_weight = NULL;
        expect_loss_bits(&b, target_of(&b, kind), &b.none, bits_of(b.dtype, INFINITY));
        expect_finite_row(&b);
        expect_near(b.table, b.classes + last, -0.25 / (double)b.classes);
        tensor_set(b.weight, last, 0);
        b.none.class_weight = b.weight;
        expect_ok(xent_cross_entropy_grad(b.z, target_of(&b, kind), &b.none, NULL, b.losses, b.table));
        assert_true(isfinite(tensor_get(b.losses, 1)) && tensor_get(b.losses, 1) > 0);
        expect_finite_row(&b);
        assert_true(get_middle(&b, b.table, last) == 0);
        tensor_set(b.weight, last, 1);
    }
    close_batch(&b);
}

/* Wholly smoothed, a target has no coefficient of its own left: it is as any other class. */
static void test_smoothing_of_one(void **state)
{
    struct batch b = open_batch(state);
    b.none.label_smoothing = 1;
    tensor_set(b.weight, 1, 0);
    b.none.class_weight = b.weight;
    spoil(&b, 1, -INFINITY);
    for (int kind = 0; kind < 2; kind++) {
        expect_ok(xent_cross_entropy_grad(b.z, target_of(&b, kind), &b.none, NULL, b.losses, b.table));
        assert_true(isfinite(tensor_get(b.losses, 1)) && tensor_get(b.losses, 1) > 0);
        assert_true(get_middle(&b, b.table, 1) == 0);
    }
    b.none.class_weight = NULL;
    expect_loss_bits(&b, b.y, &b.none, bits_of(b.dtype, INFINITY));
    expect_near(b.table, b.classes + 1, -1 / (double)b.classes);
    close_batch(&b);
}

/* Negative probabilities may outweigh the smoothing, or cancel it to exactly nothing. */
static void test_smoothing_of_probabilities(void **state)
{
    struct batch b = open_batch(state);
    const int64_t last = b.classes - 1;
    b.none.label_smoothing = 0.5;
    spoil(&b, last, -INFINITY);
    set_middle(&b, b.t, last, -1 / (double)b.classes); /* half of it is -e / C */
    expect_ok(xent_cross_entropy_grad(b.z, b.t, &b.none, NULL, b.losses, b.table));
    assert_true(isfinite(tensor_get(b.losses, 1)));
    assert_true(get_middle(&b, b.table, last) == 0);
    set_middle(&b, b.t, last, -2);
    expect_loss_bits(&b, b.t, &b.none, bits_of(b.dtype, -INFINITY));
    expect_finite_row(&b);
    spoil(&b, 0, -INFINITY); /* whose coefficient is positive */
    expect_loss_bits(&b, b.t, &b.none, canonical_nan(b.dtype));
    expect_finite_row(&b);
    close_batch(&b);
}

/* ---- z-loss ------------------------------------------------------------------------------------------------------------ */

/* It belongs to counted rows: none of it in ignored ones, whatever their logits, nor in their gradient. */
static void test_ignored_rows(void **state)
{
    struct batch b = open_batch(state);
    const double poisons[] = { NAN, INFINITY, -INFINITY, BIG };
    xent_tensor *grad_loss = tensor_of(b.dtype, SHAPE(3), ROW_MAJOR, VALUES(1, NAN, 1)),
                *total = tensor_new(b.dtype, SCALAR, ROW_MAJOR);
    b.none.z_loss = 1e300;
    b.none.label_smoothing = 0.25;
    b.none.logit_scale = 1e30;
    b.none.softcap = 3;
    tensor_set(b.y, 1, -100);
    for (int i = 0; i < 4; i++) {
        spoil_all(&b, poisons[i]);
        expect_ok(xent_cross_entropy(b.z, b.y, &b.none, b.losses));
        expect_bits(b.losses, 1, 0);
        compute_gradient(&b, b.y, &b.none, grad_loss);
        for (int64_t c = 0; c < b.classes; c++) expect_bits(b.table, b.classes + c, 0);
    }
    for (int64_t row = 0; row < 3; row++) tensor_set(b.y, row, -100);
    xent_options all = b.none;
    all.reduction = XENT_REDUCTION_MEAN;
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &all, NULL, total, b.table));
    expect_bits(total, 0, canonical_nan(b.dtype));
    for (int64_t i = 0; i < 3 * b.classes; i++) expect_bits(b.table, i, 0);
    all.normalizer = 2;
    expect_ok(xent_cross_entropy(b.z, b.y, &all, total));
    expect_bits(total, 0, 0);
    tensor_free(grad_loss);
    tensor_free(total);
    close_batch(&b);
}

/* z_loss * lse and its square overflow: +inf where there is probability, nothing where there is none. */
static void test_z_loss_overflows(void **state)
{
    struct batch b = open_batch(state);
    const int64_t last = b.classes - 1;
    b.none.z_loss = 1e308;
    spoil(&b, last, -INFINITY);
    spoil(&b, 0, BIG);
    for (int kind = 0; kind < 2; kind++) {
        expect_loss_bits(&b, target_of(&b, kind), &b.none, bits_of(b.dtype, INFINITY));
        assert_true(get_middle(&b, b.table, 0) == INFINITY);
        assert_true(get_middle(&b, b.table, last) == 0);
        if (b.classes > 3) assert_true(get_middle(&b, b.table, 2) == 0); /* whose probability underflows */
        assert_true(get_middle(&b, b.table, 1) == -1);
    }
    close_batch(&b);
}

/* Where the logarithm of the sum is 0 there is no z-loss, however large its factor. */
static void test_z_loss_of_nothing(void **state)
{
    struct batch b = open_batch(state);
    b.none.z_loss = 1e308;
    spoil_all(&b, -INFINITY);
    spoil(&b, 1, 0);
    for (int kind = 0; kind < 2; kind++) {
        expect_loss_bits(&b, target_of(&b, kind), &b.none, 0);
        expect_zero_row(&b);
    }
    /* a masked target beside it keeps its own infinity */
    spoil(&b, 1, -INFINITY);
    spoil(&b, 0, 0);
    for (int kind = 0; kind < 2; kind++) {
        expect_loss_bits(&b, target_of(&b, kind), &b.none, bits_of(b.dtype, INFINITY));
        assert_true(get_middle(&b, b.table, 0) == 1 && get_middle(&b, b.table, 1) == -1);
    }
    close_batch(&b);
}

/* A certain row has the z-loss alone, and its gradient. */
static void test_z_loss_of_certain_row(void **state)
{
    struct batch b = open_batch(state);
    b.none.z_loss = 0.5;
    spoil_all(&b, -INFINITY);
    spoil(&b, 1, -3);
    for (int kind = 0; kind < 2; kind++) {
        expect_loss_bits(&b, target_of(&b, kind), &b.none, bits_of(b.dtype, 4.5));
        for (int64_t c = 0; c < b.classes; c++) assert_true(get_middle(&b, b.table, c) == (c == 1 ? -3 : 0));
    }
    close_batch(&b);
}

/* ---- Together ---------------------------------------------------------------------------------------------------------- */

/* Entries that are exactly 0 stay so where grad_loss / divisor overflows: no probability and no coefficient, or no slope. */
static void test_overflowing_factor(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *grad_loss = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, VALUES(-1e30));
    const int64_t last = b.classes - 1;
    xent_options mean = XENT_OPTIONS_INIT;
    mean.normalizer = 1e-300;
    mean.label_smoothing = 0.25;
    mean.z_loss = 0.5;
    mean.logit_scale = 2;
    mean.softcap = 4;
    tensor_set(b.weight, last, 0);
    mean.class_weight = b.weight;
    spoil(&b, last, -INFINITY);
    spoil(&b, 0, BIG);
    for (int kind = 0; kind < 2; kind++) {
        compute_gradient(&b, target_of(&b, kind), &mean, grad_loss);
        assert_true(get_middle(&b, b.table, 0) == 0);
        assert_true(get_middle(&b, b.table, last) == 0);
        assert_true(get_middle(&b, b.table, 1) == INFINITY); /* -1e330 times what pulls the target up */
    }
    tensor_free(grad_loss);
    close_batch(&b);
}

/* With one class nothing is left to lose but the z-loss. */
static void test_one_class(void **state)
{
    const struct size *size = *state;
    xent_tensor *z = tensor_of(size->dtype, SHAPE(4, 1), ROW_MAJOR, VALUES(2, NAN, INFINITY, -INFINITY));
    xent_tensor *targets[] = { tensor_new(XENT_U8, SHAPE(4), ROW_MAJOR),
                               tensor_of(XENT_F64, SHAPE(4, 1), ROW_MAJOR, VALUES(1, 1, 1, 1)) };
    xent_tensor *loss = tensor_new(size->dtype, SHAPE(4), ROW_MAJOR), *grad = tensor_new(size->dtype, SHAPE(4, 1), ROW_MAJOR);
    for (int i = 0; i < 4; i++) {
        const int kind = i % 2, with_z_loss = i / 2;
        xent_options options = XENT_OPTIONS_INIT;
        options.reduction = XENT_REDUCTION_NONE;
        options.label_smoothing = 0.25;
        options.logit_scale = 0.5;
        options.z_loss = with_z_loss ? 8 : 0;
        expect_ok(xent_cross_entropy_grad(z, targets[kind], &options, NULL, loss, grad));
        expect_bits(loss, 0, bits_of(size->dtype, with_z_loss ? 8 : 0));
        assert_true(tensor_get(grad, 0) == (with_z_loss ? 8 : 0));
        for (int64_t row = 1; row < 4; row++) {
            expect_bits(loss, row, canonical_nan(size->dtype));
            expect_bits(grad, row, canonical_nan(size->dtype));
        }
    }
    tensor_free(z);
    tensor_free(targets[0]);
    tensor_free(targets[1]);
    tensor_free(loss);
    tensor_free(grad);
}

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_smoothing_masked),
        cmocka_unit_test(test_smoothing_of_one),
        cmocka_unit_test(test_smoothing_of_probabilities),
        cmocka_unit_test(test_ignored_rows),
        cmocka_unit_test(test_z_loss_overflows),
        cmocka_unit_test(test_z_loss_of_nothing),
        cmocka_unit_test(test_z_loss_of_certain_row),
        cmocka_unit_test(test_overflowing_factor),
        cmocka_unit_test(test_one_class),
    };
    return run_on_all_sizes(each, sizeof each / sizeof each[0]);
}
