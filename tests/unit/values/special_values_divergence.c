/* What a divergence and its gradient make of special values on either side. */
#include "special_values.h"

#include <float.h>

/* The divergence of the batch as it was set up from the spoilt one, in which a test spoils q, or the other way round. */
enum side { SPOILT_Q, SPOILT_P };

static void compute(const struct batch *b, enum side side, const xent_tensor *grad_kl)
{
    xent_tensor *alone = tensor_new(b->dtype, SHAPE(3), ROW_MAJOR);
    const xent_tensor *p = side == SPOILT_Q ? b->usual : b->z, *q = side == SPOILT_Q ? b->z : b->usual;
    expect_ok(xent_kl_div(p, q, NULL, &b->none, alone));
    expect_ok(xent_kl_div_grad(p, q, NULL, &b->none, grad_kl, b->losses, b->table));
    for (int64_t row = 0; row < 3; row++) expect_bits(b->losses, row, tensor_bits(alone, row));
    for (int64_t row = 0; row < 3; row += 2) { /* rows that are equal on both sides */
        expect_bits(b->losses, row, 0);
        for (int64_t c = 0; c < b->classes; c++) expect_bits(b->table, row * b->classes + c, 0);
    }
    tensor_free(alone);
}

static void expect_poisoned_divergence(const struct batch *b)
{
    for (int side = SPOILT_Q; side <= SPOILT_P; side++) {
        compute(b, (enum side)side, NULL);
        expect_bits(b->losses, 1, canonical_nan(b->dtype));
        expect_nan_row(b);
    }
}

static void test_no_numbers(void **state)
{
    struct batch b = open_batch(state);
    for (int64_t c = 0; c<b.classes; c += b.classes> 9 ? b.classes / 3 : 1) {
        for (int which = 0; which < NANS; which++) {
            spoil_with_nan(&b, c, which);
            expect_poisoned_divergence(&b);
        }
        restore(&b);
        spoil(&b, c, INFINITY);
        expect_poisoned_divergence(&b);
        restore(&b);
    }
    spoil_all(&b, -INFINITY);
    expect_poisoned_divergence(&b);
    close_batch(&b);
}

/* A class that q excludes and p does not: infinite, with a finite gradient. The other way round it adds q's share. */
static void test_masked_on_one_side(void **state)
{
    struct batch b = open_batch(state);
    for (int64_t c = 0; c<b.classes; c += b.classes> 9 ? b.classes / 3 : 1) {
        if (b.classes == 1) break;
        spoil(&b, c, -INFINITY);
        compute(&b, SPOILT_Q, NULL);
        expect_bits(b.losses, 1, bits_of(b.dtype, INFINITY));
        expect_finite_row(&b);
        assert_true(get_middle(&b, b.table, c) < 0);
        compute(&b, SPOILT_P, NULL);
        assert_true(tensor_get(b.losses, 1) > 0 && tensor_get(b.losses, 1) < 100);
        expect_finite_row(&b);
        assert_true(get_middle(&b, b.table, c) > 0);
        restore(&b);
    }
    close_batch(&b);
}

/* Equal rows diverge by nothing, be they masked or far from 0. */
static void test_equal_rows(void **state)
{
    struct batch b = open_batch(state);
    const double offsets[] = { 0, -INFINITY, BIG, -BIG };
    for (int i = 0; i < 4; i++) {
        spoil(&b, 0, offsets[i]);
        if (b.classes == 1 && i == 1) continue;
        expect_ok(xent_kl_div_grad(b.z, b.z, b.y, &b.none, NULL, b.losses, b.table));
        expect_bits(b.losses, 1, 0);
        expect_zero_row(&b);
    }
    close_batch(&b);
}

/* A class of q far below that of p, as far as the dtype goes. */
static void test_far_apart(void **state)
{
    struct batch b = open_batch(state);
    const double least = b.dtype == XENT_F64 ? -DBL_MAX : b.dtype == XENT_F32 ? -(double)FLT_MAX : -BIG;
    if (b.classes > 1) {
        xent_tensor *p = tensor_new(b.dtype, SHAPE(2), ROW_MAJOR), *q = tensor_new(b.dtype, SHAPE(2), ROW_MAJOR);
        xent_tensor *kl = tensor_new(XENT_F64, SCALAR, ROW_MAJOR), *grad = tensor_new(b.dtype, SHAPE(2), ROW_MAJOR);
        tensor_set(q, 0, least);
        expect_ok(xent_kl_div_grad(p, q, NULL, NULL, NULL, kl, grad));
        assert_true(fabs(tensor_get(kl, 0) / (-tensor_get(q, 0) / 2) - 1) < 1e-4); /* p is a half each */
        assert_true(tensor_get(grad, 0) == -0.5 && tensor_get(grad, 1) == 0.5);
        tensor_set(p, 0, least);
        expect_ok(xent_kl_div(p, q, NULL, NULL, kl));
        assert_true(tensor_bits(kl, 0) == 0);
        tensor_set(q, 0, 0);
        expect_ok(xent_kl_div(p, q, NULL, NULL, kl));
        assert_true(fabs(tensor_get(kl, 0) - ln2) < 1e-6);
        tensor_free(p);
        tensor_free(q);
        tensor_free(kl);
        tensor_free(grad);
    }
    close_batch(&b);
}

/* A p that is certain of class 0, and a q whose classes 0 and 1 are somewhere else: ln(1 + e^(q_1 - q_0)). */
static void expect_of_certain(const struct batch *b, double far, double q_0, double q_1)
{
    xent_tensor *p = tensor_new(b->dtype, SHAPE(b->classes), ROW_MAJOR),
                *q = tensor_new(b->dtype, SHAPE(b->classes), ROW_MAJOR);
    xent_tensor *kl = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    for (int64_t c = 0; c < b->classes; c++) tensor_set(p, c, c == 0 ? far : -far);
    for (int64_t c = 2; c < b->classes; c++) tensor_set(q, c, -INFINITY);
    tensor_set(q, 0, q_0);
    tensor_set(q, 1, q_1);
    const double want = log1p(exp(tensor_get(q, 1) - tensor_get(q, 0)));
    const double bound = b->dtype == XENT_F64 ? 0x1p-48 : 0x1p-20;
    expect_ok(xent_kl_div(p, q, NULL, NULL, kl));
    if (!(fabs(tensor_get(kl, 0) - want) <= bound * want))
        fail_msg("dtype %d, %d classes, maxima %g and %g: %.17g, expected %.17g", (int)b->dtype, (int)b->classes, far, q_0,
                 tensor_get(kl, 0), want);
    tensor_free(p);
    tensor_free(q);
    tensor_free(kl);
}

/* Maxima that are so far from each other, and from 0, that their difference has no room for what the sums differ by. */
static void test_maxima_far_apart(void **state)
{
    static const double maxima[] = { 1e3, 1e6, 1e9, 1e12, 1e15, 1e20, 1e30, 1e300 };
    struct batch b = open_batch(state);
    const double largest = b.dtype == XENT_F64 ? 1e300 : b.dtype == XENT_F16 ? 6e4 : 1e30;
    for (int i = 0; i < 8 && b.classes > 1; i++)
        for (int k = 0; k < 8; k++) {
            if (maxima[i] > largest || maxima[k] > largest) continue;
            expect_of_certain(&b, maxima[i], maxima[k], maxima[k]);
            expect_of_certain(&b, maxima[i], -maxima[k], -maxima[k]);
            if (k == 0) expect_of_certain(&b, maxima[i], maxima[k], maxima[k] + 5);
        }
    close_batch(&b);
}

/* The last two classes, a chunk of their own, diverge by more than any number; the row, which hardly has them, does not. */
static void test_chunk_that_overflows(void **state)
{
    enum { CLASSES = 4098 };
    xent_tensor *p = tensor_new(XENT_F64, SHAPE(CLASSES), ROW_MAJOR), *q = tensor_new(XENT_F64, SHAPE(CLASSES), ROW_MAJOR);
    xent_tensor *kl = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    (void)state;
    for (int c = 1; c < CLASSES - 2; c++) tensor_set(p, c, -INFINITY);
    tensor_set(p, 0, 3);
    tensor_set(q, 0, DBL_MAX);
    tensor_set(q, CLASSES - 2, DBL_MAX);
    tensor_set(q, CLASSES - 1, -DBL_MAX);
    const double share = 1 / (2 + exp(3)), want = 2 * (share * DBL_MAX);
    expect_ok(xent_kl_div(p, q, NULL, NULL, kl));
    assert_true(fabs(tensor_get(kl, 0) / want - 1) < 1e-14);
    tensor_set(p, CLASSES - 1, 6); /* now it has the last one */
    expect_ok(xent_kl_div(p, q, NULL, NULL, kl));
    expect_bits(kl, 0, bits_of(XENT_F64, INFINITY));
    tensor_free(p);
    tensor_free(q);
    tensor_free(kl);
}

static void test_upstream(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *grad_kl = tensor_of(XENT_F64, SHAPE(3), ROW_MAJOR, VALUES(1, NAN, 1));
    spoil(&b, 0, 2);
    compute(&b, SPOILT_Q, grad_kl);
    expect_nan_row(&b);
    tensor_set(grad_kl, 1, 0);
    compute(&b, SPOILT_Q, grad_kl);
    expect_zero_row(&b);
    tensor_set(grad_kl, 1, INFINITY);
    compute(&b, SPOILT_Q, grad_kl); /* checks the rows that do not diverge */
    tensor_free(grad_kl);
    close_batch(&b);
}

/* Rows that are ignored, by their target or by a weight of 0, are 0 whatever they hold, and do not count. */
static void test_ignored(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *mean = tensor_new(XENT_F64, SCALAR, ROW_MAJOR),
                *weight = tensor_of(XENT_F32, SHAPE(3), ROW_MAJOR, VALUES(2, 0, 1));
    xent_options options = b.none;
    spoil_all(&b, NAN);
    tensor_set(b.y, 1, -100);
    options.reduction = XENT_REDUCTION_MEAN;
    expect_ok(xent_kl_div_grad(b.usual, b.z, b.y, &options, NULL, mean, b.table));
    expect_bits(mean, 0, 0);
    expect_zero_row(&b);
    options.row_weight = weight;
    expect_ok(xent_kl_div_grad(b.usual, b.z, NULL, &options, NULL, mean, b.table));
    expect_bits(mean, 0, 0);
    expect_zero_row(&b);
    for (int64_t row = 0; row < 3; row++) tensor_set(b.y, row, -100);
    expect_ok(xent_kl_div(b.usual, b.z, b.y, &options, mean));
    expect_bits(mean, 0, canonical_nan(XENT_F64));
    tensor_free(mean);
    tensor_free(weight);
    close_batch(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_numbers),       cmocka_unit_test(test_masked_on_one_side),
        cmocka_unit_test(test_equal_rows),       cmocka_unit_test(test_far_apart),
        cmocka_unit_test(test_upstream),         cmocka_unit_test(test_ignored),
        cmocka_unit_test(test_maxima_far_apart), cmocka_unit_test(test_chunk_that_overflows),
    };
    return run_on_all_sizes(tests, sizeof tests / sizeof tests[0]);
}
