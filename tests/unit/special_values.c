/* NaN, infinities and zeros among logits, log-probabilities and probabilities. Rows of 3 classes and of several
   chunks take different ways through a backend; each test runs on all of these sizes. */
#include <math.h>
#include <string.h>

#include "support/backend.h"
#include "support/tensors.h"

struct size {
    xent_dtype dtype;
    int64_t classes;
};

static const struct size sizes[] = { { XENT_F32, 3 }, { XENT_F32, 67 }, { XENT_F32, 4096 }, { XENT_F32, 9001 },
                                     { XENT_F64, 3 }, { XENT_F64, 67 }, { XENT_F64, 4096 }, { XENT_F64, 9001 } };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* Three rows, of which a test spoils the middle one; class 1 is every row's target. */
struct batch {
    xent_dtype dtype;
    int64_t classes;
    xent_tensor *z, *y, *losses, *table; /* table: gradients, probabilities */
    xent_options none;
};

static struct batch open_batch(void **state)
{
    const struct size *s = *state;
    struct batch b = { s->dtype,
                       s->classes,
                       tensor_new(s->dtype, SHAPE(3, s->classes), ROW_MAJOR),
                       tensor_of(XENT_I32, SHAPE(3), ROW_MAJOR, VALUES(1, 1, 1)),
                       tensor_new(s->dtype, SHAPE(3), ROW_MAJOR),
                       tensor_new(s->dtype, SHAPE(3, s->classes), ROW_MAJOR),
                       XENT_OPTIONS_INIT };
    b.none.reduction = XENT_REDUCTION_NONE;
    for (int64_t i = 0; i < 3 * b.classes; i++) tensor_set(b.z, i, (double)(i % 7) / 4 - 1);
    return b;
}

static void close_batch(struct batch *b)
{
    tensor_free(b->z);
    tensor_free(b->y);
    tensor_free(b->losses);
    tensor_free(b->table);
}

/* Sets logit c of the middle row, and all of them. */
static void spoil(struct batch *b, int64_t c, double value) { tensor_set(b->z, b->classes + c, value); }

static void spoil_all(struct batch *b, double value)
{
    for (int64_t c = 0; c < b->classes; c++) spoil(b, c, value);
}

static void expect_bits(const xent_tensor *t, int64_t i, uint64_t bits)
{
    if (tensor_bits(t, i) != bits)
        fail_msg("element %lld has the bits %llx, expected %llx", (long long)i, (unsigned long long)tensor_bits(t, i),
                 (unsigned long long)bits);
}

/* All entries of the middle row of the table are the canonical NaN, or all are finite. */
static void expect_nan_row(const struct batch *b)
{
    for (int64_t c = 0; c < b->classes; c++) expect_bits(b->table, b->classes + c, canonical_nan(b->dtype));
}

static void expect_finite_row(const struct batch *b)
{
    for (int64_t c = 0; c < b->classes; c++) assert_true(isfinite(tensor_get(b->table, b->classes + c)));
}

static void expect_loss_bits(const struct batch *b, const xent_tensor *target, const xent_options *options, uint64_t bits)
{
    expect_ok(xent_cross_entropy(b->z, target, options, b->losses));
    expect_bits(b->losses, 1, bits);
}

static uint64_t bits_of(const struct batch *b, double value)
{
    xent_tensor *t = tensor_of(b->dtype, SCALAR, ROW_MAJOR, &value);
    const uint64_t bits = tensor_bits(t, 0);
    tensor_free(t);
    return bits;
}

/* A spoiled row is NaN in losses, gradient, probabilities and their logarithms, and its neighbours do not notice; a
   sum or mean over it is NaN. */
static void check_poisoned(struct batch *b, uint64_t logsumexp)
{
    xent_tensor *clean = tensor_new(b->dtype, SHAPE(3, b->classes), ROW_MAJOR),
                *total = tensor_new(b->dtype, SCALAR, ROW_MAJOR);
    xent_tensor *same = tensor_new(b->dtype, SHAPE(3, b->classes), ROW_MAJOR);
    for (int64_t i = 0; i < 3 * b->classes; i++) tensor_set(same, i, (double)(i % 7) / 4 - 1);
    const size_t row = (size_t)b->classes * xent_dtype_size(b->dtype);

    expect_ok(xent_cross_entropy_grad(same, b->y, &b->none, NULL, NULL, clean));
    expect_ok(xent_cross_entropy_grad(b->z, b->y, &b->none, NULL, b->losses, b->table));
    expect_bits(b->losses, 1, canonical_nan(b->dtype));
    expect_nan_row(b);
    assert_memory_equal(tensor_at(b->table, 0), tensor_at(clean, 0), row);
    assert_memory_equal(tensor_at(b->table, 2 * b->classes), tensor_at(clean, 2 * b->classes), row);
    assert_true(isfinite(tensor_get(b->losses, 0)) && isfinite(tensor_get(b->losses, 2)));

    expect_ok(xent_softmax(b->z, 1, b->table));
    expect_nan_row(b);
    expect_ok(xent_log_softmax(b->z, 1, b->table));
    expect_nan_row(b);
    expect_ok(xent_logsumexp(b->z, 1, b->losses));
    expect_bits(b->losses, 1, logsumexp);
    for (int32_t reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_SUM; reduction++) {
        xent_options options = XENT_OPTIONS_INIT;
        options.reduction = reduction;
        expect_ok(xent_cross_entropy(b->z, b->y, &options, total));
        expect_bits(total, 0, canonical_nan(b->dtype));
    }
    tensor_free(clean);
    tensor_free(same);
    tensor_free(total);
}

/* The last two are a negative one with a payload and a signalling one. */
static void test_nan_logit(void **state)
{
    const uint32_t f32[] = { 0x7FC00000, 0xFFC00000, 0xFFC12345, 0x7F800001 };
    const uint64_t f64[] = { 0x7FF8000000000000, 0xFFF8000000000000, 0xFFF8000000012345, 0x7FF0000000000001 };
    struct batch b = open_batch(state);
    const int64_t places[] = { 0, 1, b.classes / 2, b.classes - 1 };
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 4; k++) {
            const double before = tensor_get(b.z, b.classes + places[i]);
            memcpy(tensor_at(b.z, b.classes + places[i]), b.dtype == XENT_F32 ? (const void *)&f32[k] : &f64[k],
                   xent_dtype_size(b.dtype));
            check_poisoned(&b, canonical_nan(b.dtype));
            spoil(&b, places[i], before);
        }
    }
    close_batch(&b);
}

static void test_positive_infinity(void **state)
{
    struct batch b = open_batch(state);
    const int64_t places[] = { 0, 1, b.classes / 2, b.classes - 1 };
    for (int i = 0; i < 4; i++) {
        const double before = tensor_get(b.z, b.classes + places[i]);
        spoil(&b, places[i], INFINITY);
        check_poisoned(&b, bits_of(&b, INFINITY));
        spoil(&b, places[i], before);
    }
    /* A NaN beside it comes first for log-sum-exp, whichever stands first in the row. */
    spoil(&b, 0, INFINITY);
    spoil(&b, b.classes - 1, NAN);
    check_poisoned(&b, canonical_nan(b.dtype));
    spoil(&b, 0, NAN);
    spoil(&b, b.classes - 1, INFINITY);
    check_poisoned(&b, canonical_nan(b.dtype));
    spoil_all(&b, INFINITY);
    check_poisoned(&b, bits_of(&b, INFINITY));
    spoil_all(&b, -INFINITY);
    spoil(&b, b.classes - 1, INFINITY);
    check_poisoned(&b, bits_of(&b, INFINITY));
    spoil(&b, b.classes - 1, NAN);
    check_poisoned(&b, canonical_nan(b.dtype));
    close_batch(&b);
}

static void test_nothing_but_negative_infinity(void **state)
{
    struct batch b = open_batch(state);
    spoil_all(&b, -INFINITY);
    check_poisoned(&b, bits_of(&b, -INFINITY));
    close_batch(&b);
}

/* The row decides, not what it is multiplied with: weights or targets of zero, or a grad_loss of zero, do not hide a
   NaN. */
static void test_poison_passes_zero_coefficients(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *weight = tensor_new(b.dtype, SHAPE(b.classes), ROW_MAJOR);
    xent_tensor *nothing = tensor_new(b.dtype, SHAPE(3, b.classes), ROW_MAJOR);
    xent_tensor *grad_loss = tensor_new(b.dtype, SHAPE(3), ROW_MAJOR);
    xent_options weighted = b.none;
    weighted.class_weight = weight;
    const double poisons[] = { NAN, INFINITY, -INFINITY };
    for (int i = 0; i < 3; i++) {
        if (poisons[i] < 0)
            spoil_all(&b, -INFINITY);
        else
            spoil(&b, b.classes - 1, poisons[i]);
        expect_loss_bits(&b, b.y, &weighted, canonical_nan(b.dtype));
        expect_bits(b.losses, 0, 0);
        expect_loss_bits(&b, nothing, &b.none, canonical_nan(b.dtype));
        expect_bits(b.losses, 0, 0);
        expect_ok(xent_cross_entropy_grad(b.z, b.y, &weighted, grad_loss, NULL, b.table));
        expect_nan_row(&b);
        expect_ok(xent_cross_entropy_grad(b.z, nothing, &b.none, grad_loss, NULL, b.table));
        expect_nan_row(&b);
    }
    tensor_free(weight);
    tensor_free(nothing);
    tensor_free(grad_loss);
    close_batch(&b);
}

/* Within 4 ulp, which every result here keeps. */
static void expect_near(const struct batch *b, const xent_tensor *t, int64_t i, double want)
{
    const double ulp = b->dtype == XENT_F32 ? 0x1p-23 : 0x1p-52;
    if (!(fabs(tensor_get(t, i) - want) <= 4 * ulp * fabs(want)))
        fail_msg("element %lld is %a, expected %a", (long long)i, tensor_get(t, i), want);
}

static const double ln2 = 0.69314718055994530942;

/* A masked class: probability +0.0, its logarithm -inf, gradient 0, and the rest as if it were not there. */
static void test_masked_class(void **state)
{
    struct batch b = open_batch(state);
    spoil_all(&b, -INFINITY);
    spoil(&b, 1, 2);
    spoil(&b, b.classes - 1, 2);
    const int64_t masked = b.classes + 0;
    expect_ok(xent_softmax(b.z, 1, b.table));
    expect_bits(b.table, masked, 0);
    expect_near(&b, b.table, b.classes + 1, 0.5);
    expect_ok(xent_log_softmax(b.z, 1, b.table));
    expect_bits(b.table, masked, bits_of(&b, -INFINITY));
    expect_near(&b, b.table, b.classes + 1, -ln2);
    expect_ok(xent_logsumexp(b.z, 1, b.losses));
    expect_near(&b, b.losses, 1, 2 + ln2);
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.none, NULL, b.losses, b.table));
    expect_near(&b, b.losses, 1, ln2);
    assert_true(tensor_get(b.table, masked) == 0);
    expect_near(&b, b.table, b.classes + 1, -0.5);
    expect_near(&b, b.table, 2 * b.classes - 1, 0.5);
    close_batch(&b);
}

static void test_masked_target(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *weight = tensor_new(b.dtype, SHAPE(b.classes), ROW_MAJOR);
    for (int64_t c = 0; c < b.classes; c++) tensor_set(weight, c, c == 1 ? 0 : 1);
    spoil(&b, 1, -INFINITY);
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.none, NULL, b.losses, b.table));
    expect_bits(b.losses, 1, bits_of(&b, INFINITY));
    expect_finite_row(&b);
    assert_true(tensor_get(b.table, b.classes + 1) == -1);
    double sum = 0;
    for (int64_t c = 0; c < b.classes; c++) sum += tensor_get(b.table, b.classes + c);
    assert_true(fabs(sum) < 1e-5); /* the other entries are probabilities */

    /* A weight of exactly 0 contributes exactly 0, even here. */
    b.none.class_weight = weight;
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.none, NULL, b.losses, b.table));
    expect_bits(b.losses, 1, 0);
    for (int64_t c = 0; c < b.classes; c++) assert_true(tensor_get(b.table, b.classes + c) == 0);
    tensor_free(weight);
    close_batch(&b);
}

/* Probabilities against a masked class: 0 contributes 0, anything positive makes the loss +inf, negative ones -inf,
   both NaN; the gradient is S p - coef throughout. */
static void test_masked_probability(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *t = tensor_new(b.dtype, SHAPE(3, b.classes), ROW_MAJOR);
    const int64_t first = 0, last = b.classes - 1;
    const struct {
        double first, last;
        uint64_t loss;
    } expected[] = {
        { 0.5, 0, bits_of(&b, INFINITY) },    { 0, 0x1p-100, bits_of(&b, INFINITY) }, { 0, -0.5, bits_of(&b, -INFINITY) },
        { 0.5, 0.25, bits_of(&b, INFINITY) }, { 0.5, -0.5, canonical_nan(b.dtype) },
    };
    spoil(&b, first, -INFINITY);
    spoil(&b, last, -INFINITY);
    tensor_set(t, b.classes + 1, 1);
    expect_ok(xent_cross_entropy(b.z, t, &b.none, b.losses));
    assert_true(isfinite(tensor_get(b.losses, 1)) && tensor_get(b.losses, 1) >= 0);
    for (int i = 0; i < 5; i++) {
        tensor_set(t, b.classes + first, expected[i].first);
        tensor_set(t, b.classes + last, expected[i].last);
        expect_ok(xent_cross_entropy_grad(b.z, t, &b.none, NULL, b.losses, b.table));
        expect_bits(b.losses, 1, expected[i].loss);
        expect_finite_row(&b);
        assert_true(tensor_get(b.table, b.classes + first) == -expected[i].first);
        assert_true(tensor_get(b.table, b.classes + last) == -expected[i].last);
    }
    tensor_free(t);
    close_batch(&b);
}

/* Losses of zero are +0.0: a row that is certain, targets of no weight, log-probabilities of either zero. */
static void test_zero_loss_is_positive(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *t = tensor_new(b.dtype, SHAPE(3, b.classes), ROW_MAJOR);
    spoil_all(&b, -INFINITY);
    spoil(&b, 1, -3);
    expect_loss_bits(&b, b.y, &b.none, 0);
    expect_loss_bits(&b, t, &b.none, 0);
    for (int64_t c = 0; c < b.classes; c++) tensor_set(t, b.classes + c, -0.0);
    expect_loss_bits(&b, t, &b.none, 0);
    spoil(&b, 1, 0);
    expect_ok(xent_nll_loss(b.z, b.y, &b.none, b.losses));
    expect_bits(b.losses, 1, 0);
    spoil(&b, 1, -0.0);
    expect_ok(xent_nll_loss(b.z, b.y, &b.none, b.losses));
    expect_bits(b.losses, 1, 0);
    tensor_free(t);
    close_batch(&b);
}

/* nll_loss judges nothing but the entries that have a coefficient. */
static void test_nll_reads_its_entries_only(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *t = tensor_new(b.dtype, SHAPE(3, b.classes), ROW_MAJOR), *targets[2] = { b.y, t };
    const struct {
        double logp;
        uint64_t loss;
    } expected[] = {
        { -2, bits_of(&b, 2) },
        { -INFINITY, bits_of(&b, INFINITY) },
        { INFINITY, bits_of(&b, -INFINITY) },
        { NAN, canonical_nan(b.dtype) },
    };
    for (int64_t row = 0; row < 3; row++) tensor_set(t, row * b.classes + 1, 1);
    spoil_all(&b, NAN);
    spoil(&b, 0, INFINITY);
    spoil(&b, b.classes - 1, -INFINITY);
    for (int i = 0; i < 4; i++) {
        spoil(&b, 1, expected[i].logp);
        for (int k = 0; k < 2; k++) {
            expect_ok(xent_nll_loss(b.z, targets[k], &b.none, b.losses));
            expect_bits(b.losses, 1, expected[i].loss);
        }
    }
    /* A coefficient of 0 contributes 0 against the NaN too. */
    xent_tensor *weight = tensor_new(b.dtype, SHAPE(b.classes), ROW_MAJOR);
    b.none.class_weight = weight;
    for (int k = 0; k < 2; k++) {
        expect_ok(xent_nll_loss(b.z, targets[k], &b.none, b.losses));
        expect_bits(b.losses, 1, 0);
    }
    tensor_free(weight);
    tensor_free(t);
    close_batch(&b);
}

static void check_zero_gradient(const struct batch *b, const xent_tensor *target, const xent_options *options,
                                const xent_tensor *grad_loss)
{
    expect_ok(xent_cross_entropy_grad(b->z, target, options, grad_loss, NULL, b->table));
    for (int64_t c = 0; c < b->classes; c++) assert_true(tensor_get(b->table, b->classes + c) == 0);
}

/* Where grad_loss / divisor overflows, an entry that is exactly 0 stays 0; a NaN in grad_loss is canonical in the
   gradient. */
static void test_overflowing_factor(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *weight = tensor_new(b.dtype, SHAPE(b.classes), ROW_MAJOR);
    xent_tensor *grad_loss = tensor_of(b.dtype, SCALAR, ROW_MAJOR, VALUES(1e30));
    xent_options mean = XENT_OPTIONS_INIT;
    mean.normalizer = 1e-300;
    spoil(&b, 0, -INFINITY);
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &mean, grad_loss, NULL, b.table));
    assert_true(tensor_get(b.table, b.classes) == 0);
    assert_true(tensor_get(b.table, b.classes + 1) == -INFINITY);
    assert_true(tensor_get(b.table, b.classes + 2) == INFINITY);
    /* a row that is certain, and one without weight */
    spoil_all(&b, -INFINITY);
    spoil(&b, 1, 3);
    check_zero_gradient(&b, b.y, &mean, grad_loss);
    for (int64_t c = 0; c < b.classes; c++) spoil(&b, c, (double)(c % 5));
    mean.class_weight = weight;
    check_zero_gradient(&b, b.y, &mean, grad_loss);
    mean.class_weight = NULL;
    tensor_set(grad_loss, 0, -NAN);
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &mean, grad_loss, NULL, b.table));
    expect_bits(b.table, b.classes + 1, canonical_nan(b.dtype));
    expect_bits(b.table, b.classes + 2, canonical_nan(b.dtype));
    tensor_free(weight);
    tensor_free(grad_loss);
    close_batch(&b);
}

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_nan_logit),
        cmocka_unit_test(test_positive_infinity),
        cmocka_unit_test(test_nothing_but_negative_infinity),
        cmocka_unit_test(test_poison_passes_zero_coefficients),
        cmocka_unit_test(test_masked_class),
        cmocka_unit_test(test_masked_target),
        cmocka_unit_test(test_masked_probability),
        cmocka_unit_test(test_zero_loss_is_positive),
        cmocka_unit_test(test_nll_reads_its_entries_only),
        cmocka_unit_test(test_overflowing_factor),
    };
    enum { EACH = sizeof each / sizeof each[0] };
    struct CMUnitTest tests[EACH * SIZES];
    require_backend();
    for (int i = 0; i < EACH * SIZES; i++) {
        tests[i] = each[i / SIZES];
        tests[i].initial_state = (void *)(uintptr_t)&sizes[i % SIZES];
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
