/* Bounds that xent.h states beside that of a plain loss, at inputs that need them: the term of a z-loss where lse is next to 0, a loss
   under a softcap, probabilities that are subnormal. References are in double, which is exact enough here. */
#include <math.h>

#include "support/backend.h"
#include "support/tensors.h"

/* The loss of one row of two logits with class 0 as its target, as F64. */
static double loss_of(xent_dtype dtype, double first, double second, const xent_options *options)
{
    xent_tensor *z = tensor_of(dtype, SHAPE(2), ROW_MAJOR, VALUES(first, second)), *y = tensor_new(XENT_U8, SCALAR, ROW_MAJOR);
    xent_tensor *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    expect_ok(xent_cross_entropy(z, y, options, loss));
    const double got = tensor_get(loss, 0);
    tensor_free(loss);
    tensor_free(y);
    tensor_free(z);
    return got;
}

static void expect_within(double got, double want, double allowed)
{
    if (!(fabs(got - want) <= allowed)) fail_msg("%.17g, expected %.17g within %g", got, want, allowed);
}

/* Two equal logits of -ln 2, as near as F32 comes: lse = -1.9e-9, of which no digit need be right. */
static void test_z_loss_of_a_vanishing_lse(void **state)
{
    const double logit = (double)-0.69314718f, ln2_less_f32 = -1.9046542999577e-9, z_loss = 1e12;
    const double off = 0x1p-24 * 0.70710678118654752 * 0.69314718055994531, others = 0.69314718055994531;
    xent_options options = XENT_OPTIONS_INIT;
    (void)state;
    options.z_loss = z_loss;
    const double want = others + z_loss * ln2_less_f32 * ln2_less_f32;
    const double allowed = z_loss * (2 * fabs(ln2_less_f32) * off + off * off) + 1.2 * 0x1p-25 * want;
    expect_within(loss_of(XENT_F32, logit, logit, &options), want, allowed);
}

/* v may be off by 2^-22 of itself: of a loss of 1e-13, whose logit is capped at 30, that is much more than its rounding. */
static void test_loss_under_a_softcap(void **state)
{
    static const double logits[] = { 100, 40, 20, 5 };
    xent_options options = XENT_OPTIONS_INIT;
    (void)state;
    options.softcap = 30;
    for (int i = 0; i < 4; i++) {
        const double v = 30 * tanh(logits[i] / 30), want = log1p(exp(-v));
        const double least = log1p(exp(-v * (1 + 0x1p-22))), most = log1p(exp(-v * (1 - 0x1p-22)));
        expect_within(loss_of(XENT_F32, logits[i], 0, &options), want, (most - least) / 2 * 1.01 + 1.2 * 0x1p-25 * want);
        const double least_64 = log1p(exp(-v * (1 + 0x1p-50))), most_64 = log1p(exp(-v * (1 - 0x1p-50)));
        expect_within(loss_of(XENT_F64, logits[i], 0, &options), want, (most_64 - least_64) + 8 * 0x1p-52 * want);
    }
}

/* From the smallest normal number down to half the smallest subnormal one. */
static void test_subnormal_probabilities(void **state)
{
    enum { CLASSES = 20000 };
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(CLASSES), ROW_MAJOR), *p = tensor_new(XENT_F32, SHAPE(CLASSES), ROW_MAJOR);
    double sum = 0;
    (void)state;
    for (int c = 1; c < CLASSES; c++) tensor_set(z, c, -87.3 - 16.6 * c / CLASSES);
    for (int c = 0; c < CLASSES; c++) sum += exp(tensor_get(z, c));
    expect_ok(xent_softmax(z, 0, p));
    for (int c = 0; c < CLASSES; c++) {
        const double want = exp(tensor_get(z, c)) / sum;
        expect_within(tensor_get(p, c), want, 4 * 0x1p-24 * want + 0x1p-149);
    }
    tensor_free(p);
    tensor_free(z);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_z_loss_of_a_vanishing_lse),
                                               cmocka_unit_test(test_loss_under_a_softcap),
                                               cmocka_unit_test(test_subnormal_probabilities) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
