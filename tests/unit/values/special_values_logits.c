/* NaN and infinities among logits, in the losses, softmax and its kin; with every option too, since they are judged on
   logit_scale * z, before softcap. */
#include "special_values.h"

/* The options one by one, then all of them. */
enum { PLAIN, VARIANTS = 6 };

static xent_options variant_of(const struct batch *b, int variant)
{
    xent_options o = b->none;
    if (variant == 1 || variant == 5) o.label_smoothing = 0.25;
    if (variant == 2 || variant == 5) o.z_loss = 0.5;
    if (variant == 3 || variant == 5) o.logit_scale = 0.5;
    if (variant == 4 || variant == 5) o.softcap = 2;
    if (variant == 5) o.class_weight = b->weight;
    return o;
}

/* Everything that has to do with logits is poisoned; logsumexp's bits are these. */
static void expect_all_poisoned(struct batch *b, uint64_t logsumexp)
{
    for (int i = 0; i < VARIANTS; i++) {
        const xent_options options = variant_of(b, i);
        expect_poisoned(b, &options);
    }
    expect_poisoned_kin(b, logsumexp);
}

/* The same with one variant of the options, for what is tried in several places. */
static void expect_one_poisoned(struct batch *b, uint64_t logsumexp, int variant)
{
    const xent_options options = variant_of(b, variant);
    expect_poisoned(b, &options);
    expect_poisoned_kin(b, logsumexp);
}

static void test_nan_logit(void **state)
{
    struct batch b = open_batch(state);
    const int64_t places[] = { 0, 1, b.classes / 2, b.classes - 1 };
    for (int i = 0; i < 4; i++) {
        spoil_with_nan(&b, places[i], i);
        expect_one_poisoned(&b, canonical_nan(b.dtype), PLAIN);
        spoil_with_nan(&b, places[i], (i + 1) % NANS);
        expect_one_poisoned(&b, canonical_nan(b.dtype), VARIANTS - 1 - i);
        restore(&b);
    }
    close_batch(&b);
}

static void test_positive_infinity(void **state)
{
    struct batch b = open_batch(state);
    const int64_t places[] = { 0, 1, b.classes / 2, b.classes - 1 };
    for (int i = 0; i < 4; i++) {
        spoil(&b, places[i], INFINITY);
        expect_one_poisoned(&b, bits_of(b.dtype, INFINITY), PLAIN);
        expect_one_poisoned(&b, bits_of(b.dtype, INFINITY), VARIANTS - 1 - i);
        restore(&b);
    }
    spoil_all(&b, INFINITY);
    expect_all_poisoned(&b, bits_of(b.dtype, INFINITY));
    spoil_all(&b, -INFINITY);
    spoil(&b, b.classes - 1, INFINITY);
    expect_all_poisoned(&b, bits_of(b.dtype, INFINITY));
    close_batch(&b);
}

/* A NaN beside +inf comes first for log-sum-exp, whichever stands first in the row. */
static void test_nan_beside_infinity(void **state)
{
    struct batch b = open_batch(state);
    spoil(&b, 0, INFINITY);
    spoil(&b, b.classes - 1, NAN);
    expect_all_poisoned(&b, canonical_nan(b.dtype));
    spoil(&b, 0, NAN);
    spoil(&b, b.classes - 1, INFINITY);
    expect_all_poisoned(&b, canonical_nan(b.dtype));
    spoil_all(&b, -INFINITY);
    spoil(&b, b.classes - 1, NAN);
    expect_all_poisoned(&b, canonical_nan(b.dtype));
    close_batch(&b);
}

static void test_nothing_but_negative_infinity(void **state)
{
    struct batch b = open_batch(state);
    spoil_all(&b, -INFINITY);
    expect_all_poisoned(&b, bits_of(b.dtype, -INFINITY));
    close_batch(&b);
}

/* The row decides, not what it is multiplied with: weights or targets of zero, or a grad_loss of zero, do not hide a NaN. */
static void test_poison_passes_zero_coefficients(void **state)
{
    struct batch b = open_batch(state);
    xent_tensor *weight = tensor_new(b.dtype, SHAPE(b.classes), ROW_MAJOR);
    xent_tensor *nothing = tensor_new(b.dtype, SHAPE(3, b.classes), ROW_MAJOR);
    xent_tensor *grad_loss = tensor_new(b.dtype, SHAPE(3), ROW_MAJOR);
    const double poisons[] = { NAN, INFINITY, -INFINITY };
    for (int i = 0; i < 3 * VARIANTS; i++) {
        xent_options plain = variant_of(&b, i % VARIANTS), weighted = plain;
        const double poison = poisons[i / VARIANTS];
        weighted.class_weight = weight;
        plain.label_smoothing = 0; /* else the targets of zero are not */
        if (poison < 0)
            spoil_all(&b, poison);
        else
            spoil(&b, b.classes - 1, poison);
        expect_loss_bits(&b, b.y, &weighted, canonical_nan(b.dtype));
        if (plain.z_loss == 0) expect_bits(b.losses, 0, 0);
        expect_loss_bits(&b, nothing, &plain, canonical_nan(b.dtype));
        if (plain.z_loss == 0) expect_bits(b.losses, 0, 0);
        compute_gradient(&b, b.y, &weighted, grad_loss);
        expect_nan_row(&b);
        compute_gradient(&b, nothing, &plain, grad_loss);
        expect_nan_row(&b);
    }
    tensor_free(weight);
    tensor_free(nothing);
    tensor_free(grad_loss);
    close_batch(&b);
}

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
    expect_near(b.table, b.classes + 1, 0.5);
    expect_ok(xent_log_softmax(b.z, 1, b.table));
    expect_bits(b.table, masked, bits_of(b.dtype, -INFINITY));
    expect_near(b.table, b.classes + 1, -ln2);
    expect_ok(xent_logsumexp(b.z, 1, b.losses));
    expect_near(b.losses, 1, 2 + ln2);
    expect_ok(xent_cross_entropy_grad(b.z, b.y, &b.none, NULL, b.losses, b.table));
    expect_near(b.losses, 1, ln2);
    assert_true(tensor_get(b.table, masked) == 0);
    expect_near(b.table, b.classes + 1, -0.5);
    expect_near(b.table, 2 * b.classes - 1, 0.5);
    close_batch(&b);
}

/* One class that is not masked is certain, wherever it stands: nothing of the loss is left, and no gradient. */
static void test_all_but_one_masked(void **state)
{
    struct batch b = open_batch(state);
    const int64_t places[] = { 0, 1, b.classes / 2, b.classes - 1 };
    for (int i = 0; i < 4; i++) {
        spoil_all(&b, -INFINITY);
        spoil(&b, places[i], -3);
        for (int64_t row = 0; row < 3; row++) tensor_set(b.y, row, (double)places[i]);
        expect_loss_bits(&b, b.y, &b.none, 0);
        expect_zero_row(&b);
        expect_ok(xent_softmax(b.z, 1, b.table));
        for (int64_t c = 0; c < b.classes; c++) expect_bits(b.table, b.classes + c, bits_of(b.dtype, c == places[i] ? 1 : 0));
        expect_ok(xent_log_softmax(b.z, 1, b.table));
        assert_true(get_middle(&b, b.table, places[i]) == 0);
        expect_ok(xent_logsumexp(b.z, 1, b.losses));
        expect_bits(b.losses, 1, bits_of(b.dtype, -3));
    }
    close_batch(&b);
}

/* Neither zeros of either sign nor subnormal numbers are special. */
static void test_zeros(void **state)
{
    struct batch b = open_batch(state);
    for (int64_t c = 0; c < b.classes; c++) spoil(&b, c, c % 2 == 0 ? -0.0 : 0.0);
    expect_ok(xent_cross_entropy(b.z, b.y, &b.none, b.losses));
    expect_near(b.losses, 1, log((double)b.classes));
    spoil(&b, 0, b.dtype == XENT_F16 ? 0x1p-24 : b.dtype == XENT_F64 ? 0x1p-1074 : 0x1p-133);
    expect_ok(xent_cross_entropy(b.z, b.y, &b.none, b.losses));
    expect_near(b.losses, 1, log((double)b.classes));
    close_batch(&b);
}

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_nan_logit),
        cmocka_unit_test(test_positive_infinity),
        cmocka_unit_test(test_nan_beside_infinity),
        cmocka_unit_test(test_nothing_but_negative_infinity),
        cmocka_unit_test(test_poison_passes_zero_coefficients),
        cmocka_unit_test(test_masked_class),
        cmocka_unit_test(test_all_but_one_masked),
        cmocka_unit_test(test_zeros),
    };
    return run_on_all_sizes(each, sizeof each / sizeof each[0]);
}
