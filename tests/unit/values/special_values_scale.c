/* Special values that logit_scale and softcap bring about: a scale that makes infinities or nothing, a softcap that saturates. */
#include "special_values.h"

/* ---- Scale ------------------------------------------------------------------------------------------------------------- */

/* What counts is logit_scale * z: where it overflows, finite logits are infinite ones. Products of F16 logits do not. */
static void test_scale_overflows(void **state)
{
    struct batch b = open_batch(state);
    if (b.dtype == XENT_F16) {
        close_batch(&b);
        return;
    }
    const double big = b.dtype == XENT_F64 ? 1e300 : 1e30;
    for (int capped = 0; capped < 2; capped++) {
        b.none.logit_scale = 1e30;
        b.none.softcap = capped ? 5 : 0;
        restore(&b);
        spoil(&b, b.classes - 1, big);
        expect_poisoned(&b, &b.none);
        spoil_all(&b, -big);
        expect_poisoned(&b, &b.none);
        /* a masked class, and a masked target */
        for (int64_t c = 0; c < b.classes; c++) spoil(&b, c, c < 2 ? 0 : -big);
        expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.none, NULL, b.losses, b.table));
        expect_near(b.losses, 1, ln2);
        for (int64_t c = 2; c < b.classes; c++) assert_true(get_middle(&b, b.table, c) == 0);
        spoil(&b, 1, -big);
        expect_loss_bits(&b, b.y, &b.none, bits_of(b.dtype, INFINITY));
    }
    close_batch(&b);
}

static void test_scale_of_finite_halves(void **state)
{
    struct batch b = open_batch(state);
    b.none.logit_scale = 1e30;
    for (int64_t c = 0; c < b.classes; c++) spoil(&b, c, c == 1 ? BIG : -BIG);
    expect_loss_bits(&b, b.y, &b.none, 0);
    for (int64_t c = 0; c < b.classes; c++) assert_true(fabs(get_middle(&b, b.table, c)) == 0);
    close_batch(&b);
}

/* Where the product underflows, or nearly so, all logits are as good as equal. */
static void test_scale_underflows(void **state)
{
    struct batch b = open_batch(state);
    b.none.logit_scale = 1e-30;
    const double small = b.dtype == XENT_F16 ? 0x1p-24 : b.dtype == XENT_F64 ? 0x1p-1000 : 0x1p-100;
    for (int64_t c = 0; c < b.classes; c++) spoil(&b, c, c % 2 == 0 ? small : -small);
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.none, NULL, b.losses, b.table));
    expect_near(b.losses, 1, log((double)b.classes));
    expect_finite_row(&b);
    close_batch(&b);
}

/* A masked target keeps the gradient of its coefficient, times the scale. */
static void test_scaled_masked_target(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *grad_loss = tensor_of(b.dtype, SHAPE(3), ROW_MAJOR, VALUES(1, 4, 1));
    for (int capped = 0; capped < 2; capped++) {
        b.none.logit_scale = 0.25;
        b.none.softcap = capped ? 8 : 0;
        spoil(&b, 1, -INFINITY);
        for (int kind = 0; kind < 2; kind++) {
            expect_loss_bits(&b, target_of(&b, kind), &b.none, bits_of(b.dtype, INFINITY));
            expect_finite_row(&b);
            assert_true(get_middle(&b, b.table, 1) == -0.25);
            compute_gradient(&b, target_of(&b, kind), &b.none, grad_loss);
            assert_true(get_middle(&b, b.table, 1) == -1);
        }
    }
    tensor_free(grad_loss);
    close_batch(&b);
}

/* ---- Softcap ----------------------------------------------------------------------------------------------------------- */

/* However large logits are, they differ by no more than twice the cap; there is no slope left there, so no gradient. */
static void test_softcap_saturates(void **state)
{
    struct batch b = open_batch(state);
    const double large = b.dtype == XENT_F64 ? 1.7e308 : b.dtype == XENT_F16 ? BIG : 3e38;
    const double cap = 30, others = (double)(b.classes - 1);
    xent_tensor *grad_loss = tensor_of(XENT_F64, SHAPE(3), ROW_MAJOR, VALUES(1, INFINITY, 1));
    b.none.softcap = cap;
    for (int64_t c = 0; c < b.classes; c++) spoil(&b, c, c == 1 ? -large : large);
    for (int kind = 0; kind < 2; kind++) {
        expect_ok(xent_cross_entropy_grad(b.z, target_of(&b, kind), &b.none, NULL, b.losses, b.table));
        expect_near(b.losses, 1, 2 * cap + log(others));
        expect_zero_row(&b);
        compute_gradient(&b, target_of(&b, kind), &b.none, grad_loss);
        expect_zero_row(&b);
    }
    tensor_free(grad_loss);
    close_batch(&b);
}

/* The smallest cap leaves nothing of the logits but a slope where they are 0. */
static void test_smallest_softcap(void **state)
{
    struct batch b = open_batch(state);
    b.none.softcap = 1e-30;
    for (int64_t c = 0; c < b.classes; c++) spoil(&b, c, c == 0 ? 0 : c % 2 == 0 ? 1 : -1);
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.none, NULL, b.losses, b.table));
    expect_near(b.losses, 1, log((double)b.classes));
    expect_near(b.table, b.classes, 1 / (double)b.classes);
    for (int64_t c = 1; c < b.classes; c++) assert_true(get_middle(&b, b.table, c) == 0);
    close_batch(&b);
}

/* -inf stays what it is: a masked class. */
static void test_softcap_masked(void **state)
{
    struct batch b = open_batch(state);
    b.none.softcap = 30;
    spoil_all(&b, -INFINITY);
    spoil(&b, 1, 2);
    spoil(&b, b.classes - 1, 2);
    for (int kind = 0; kind < 2; kind++) {
        expect_ok(xent_cross_entropy_grad(b.z, target_of(&b, kind), &b.none, NULL, b.losses, b.table));
        expect_near(b.losses, 1, ln2);
        assert_true(get_middle(&b, b.table, 0) == 0);
        assert_true(get_middle(&b, b.table, 1) < 0 && get_middle(&b, b.table, b.classes - 1) > 0);
    }
    close_batch(&b);
}

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_scale_overflows),   cmocka_unit_test(test_scale_of_finite_halves),
        cmocka_unit_test(test_scale_underflows),  cmocka_unit_test(test_scaled_masked_target),
        cmocka_unit_test(test_softcap_saturates), cmocka_unit_test(test_smallest_softcap),
        cmocka_unit_test(test_softcap_masked),
    };
    return run_on_all_sizes(each, sizeof each / sizeof each[0]);
}
