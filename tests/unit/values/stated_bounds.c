/* Bounds that xent.h states beside that of a plain loss, at inputs that need them: the term of a z-loss where lse is next to 0, a loss
   under a softcap and its derivative far beyond it, probabilities that are subnormal, log-probabilities that are nearly 0, gradients
   at either end of the range. References are in double, or in what is wider, which is exact enough here. */
#include <float.h>
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

/* Class 0's entry of a row { x, -x } whose target is class 1: as p of class 0 is 1, the derivative itself. */
static double slope_of(xent_dtype dtype, double x, double softcap)
{
    xent_tensor *z = tensor_of(dtype, SHAPE(2), ROW_MAJOR, VALUES(x, -x)), *grad = tensor_new(dtype, SHAPE(2), ROW_MAJOR);
    xent_tensor *y = tensor_of(XENT_U8, SCALAR, ROW_MAJOR, VALUES(1));
    xent_options options = XENT_OPTIONS_INIT;
    options.softcap = softcap;
    expect_ok(xent_cross_entropy_grad(z, y, &options, NULL, NULL, grad));
    const double got = tensor_get(grad, 0);
    tensor_free(z);
    tensor_free(y);
    tensor_free(grad);
    return got;
}

/* The rounding of x / softcap moves e^(-2|x / softcap|) by more than the derivative's own bound. */
static void test_slope_far_beyond_a_softcap(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        const double x = (double)(float)(900 + i * 0.9037), u = x / 30, want = 4 * exp(-2 * u), wide = 9 * x;
        expect_within(slope_of(XENT_F32, x, 30), want, (0x1p-21 + 0x1p-23 * u + 8 * 0x1p-24) * want + 0x1p-126);
        if (LDBL_MANT_DIG == DBL_MANT_DIG) continue;
        const double want_64 = (double)(4 * expl(-2 * ((long double)wide / 30)));
        expect_within(slope_of(XENT_F64, wide, 30), want_64, (0x1p-49 + 0x1p-52 * 9 * u + 8 * 0x1p-53) * want_64 + 0x1p-960);
    }
}

/* -log1p(e^-gap), as F64 of F32 logits: what lies more than 190 octaves below the maximum may be missing. */
static void test_log_probability_near_0(void **state)
{
    static const double gaps[] = { 20, 60, 100, 125, 131, 132, 140, 200 };
    (void)state;
    for (int i = 0; i < 8; i++) {
        xent_tensor *z = tensor_of(XENT_F32, SHAPE(2), ROW_MAJOR, VALUES(0, -gaps[i]));
        xent_tensor *logp = tensor_new(XENT_F64, SHAPE(2), ROW_MAJOR);
        const double want = -log1p(exp(-gaps[i])), relative = 0x1.6a09e6p-25 + 0x1p-51;
        expect_ok(xent_log_softmax(z, 0, logp));
        expect_within(tensor_get(logp, 0), want, relative * -want + 3 * 0x1p-190);
        tensor_free(z);
        tensor_free(logp);
    }
}

/* The gradients of a row add up to more than a double holds: its small ones lose what is below C 2^-1070. */
static void test_smallest_gradient_beside_the_largest(void **state)
{
    static const double small[] = { 3e-308, 1e-300, 0x1p-1060 };
    (void)state;
    for (int i = 0; i < 3; i++) {
        xent_tensor *logp = tensor_of(XENT_F64, SHAPE(3), ROW_MAJOR, VALUES(-2000, -1, -1));
        xent_tensor *g = tensor_of(XENT_F64, SHAPE(3), ROW_MAJOR, VALUES(small[i], 1.7e308, 1.7e308));
        expect_ok(xent_log_softmax_backward(logp, g, 0, g));
        expect_within(tensor_get(g, 0), small[i], 8 * 0x1p-53 * small[i] + 3 * 0x1p-1070);
        assert_true(isfinite(tensor_get(g, 1)));
        tensor_free(logp);
        tensor_free(g);
    }
}

/* Products with the probabilities are too small for a double, and together are not. */
static void test_gradient_of_vanishing_products(void **state)
{
    enum { CLASSES = 3000 };
    xent_tensor *p = tensor_new(XENT_F64, SHAPE(CLASSES), ROW_MAJOR), *g = tensor_new(XENT_F64, SHAPE(CLASSES), ROW_MAJOR);
    (void)state;
    tensor_set(p, 0, 1);
    for (int c = 1; c < CLASSES; c++) tensor_set(p, c, 0x1p-53);
    for (int c = 1; c < CLASSES; c++) tensor_set(g, c, 0x1p-1022);
    expect_ok(xent_softmax_backward(p, g, 0, g));
    expect_within(tensor_get(g, 0), 0, CLASSES * 0x1p-1074); /* -2999 * 2^-1075 */
    tensor_free(p);
    tensor_free(g);
}

/* A class that both sides hardly have, under a huge factor. Two chunks, and the second one's share is what is tiny. */
static void test_divergence_of_vanishing_classes(void **state)
{
    static const struct {
        xent_dtype dtype;
        int classes;
        double p, q, factor, unit, least;
    } cases[] = {
        { XENT_F32, 2, -120, -121, 0x1p180, 8 * 0x1p-24, 0x1p-189 },
        { XENT_F32, 2, -140, -135, 0x1p250, 8 * 0x1p-24, 0x1p-189 },
        { XENT_F32, 4097, -120, -121, 0x1p170, 8 * 0x1p-24, 0x1p-189 },
        { XENT_F64, 2, -690, -691, 0x1p1000, 16 * 0x1p-53, 0x1p-1010 },
        { XENT_F64, 4097, -690, -691, 0x1p999, 16 * 0x1p-53, 0x1p-1010 },
        { XENT_F64, 4097, -710, -712, 0x1p1010, 16 * 0x1p-53, 0x1p-1010 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int last = cases[i].classes - 1;
        const double factor = cases[i].factor, of_p = exp(cases[i].p) / last, of_q = exp(cases[i].q) / last;
        xent_tensor *p = tensor_new(cases[i].dtype, SHAPE(cases[i].classes), ROW_MAJOR);
        xent_tensor *q = tensor_new(cases[i].dtype, SHAPE(cases[i].classes), ROW_MAJOR);
        xent_tensor *up = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, VALUES(factor));
        tensor_set(p, last, cases[i].p);
        tensor_set(q, last, cases[i].q);
        expect_ok(xent_kl_div_grad(p, q, NULL, NULL, up, NULL, q));
        const double exact = factor * (of_q - of_p), relative = cases[i].unit + 0x1p-42; /* of exp's argument */
        expect_within(tensor_get(q, last), exact, factor * (relative * (of_p + of_q) + cases[i].least) + 0x1p-149);
        tensor_free(p);
        tensor_free(q);
        tensor_free(up);
    }
}

/* Sums of products of both signs, of rows of several chunks, and products that are too small for a double. */
static void test_negative_log_likelihood(void **state)
{
    enum { CLASSES = 9000 };
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64 };
    (void)state;
    for (int i = 0; i < 6; i++) {
        const xent_dtype dtype = dtypes[i % 2];
        const double tiny = i < 2               ? 1
                            : i < 4             ? 1e-30
                            : dtype == XENT_F64 ? 0x1p-1040
                                                : 0,
                     unit = dtype == XENT_F64 ? 0x1p-48 : 0x1p-46;
        xent_tensor *logp = tensor_new(dtype, SHAPE(CLASSES), ROW_MAJOR), *t = tensor_new(dtype, SHAPE(CLASSES), ROW_MAJOR);
        xent_tensor *w = tensor_new(XENT_F64, SHAPE(CLASSES), ROW_MAJOR),
                    *r = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, VALUES(1.1));
        xent_tensor *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
        xent_options options = XENT_OPTIONS_INIT;
        long double sum = 0, size = 0;
        for (int c = 0; c < CLASSES; c++) {
            tensor_set(logp, c, -0.1 - (c * 7919 % 8999) / 900.0);
            tensor_set(t, c, tiny * (c * 104729 % 8999 - 4499.5) / 4500);
            tensor_set(w, c, 0.3 + c / 7000.0);
            const long double term = -(long double)tensor_get(logp, c) * tensor_get(t, c) * tensor_get(w, c) * 1.1L;
            sum += term;
            size += fabsl(term);
        }
        options.class_weight = w;
        options.row_weight = r;
        options.reduction = XENT_REDUCTION_SUM;
        expect_ok(xent_nll_loss(logp, t, &options, loss));
        expect_within(tensor_get(loss, 0), (double)sum, unit * (double)size + 1.1 * CLASSES * 0x1p-1074);
        tensor_free(logp);
        tensor_free(t);
        tensor_free(w);
        tensor_free(r);
        tensor_free(loss);
    }
}

/* Of a class index: two products, each rounded. */
static void test_negative_log_likelihood_of_an_index(void **state)
{
    xent_tensor *logp = tensor_of(XENT_F64, SHAPE(3), ROW_MAJOR, VALUES(-1, -0.7, -2)),
                *w = tensor_of(XENT_F64, SHAPE(3), ROW_MAJOR, VALUES(1, 0.3, 1));
    xent_tensor *y = tensor_of(XENT_U8, SCALAR, ROW_MAJOR, VALUES(1)), *r = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, VALUES(1.1));
    xent_tensor *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    xent_options options = XENT_OPTIONS_INIT;
    const double want = 0.3 * 0.7 * 1.1;
    (void)state;
    options.class_weight = w;
    options.row_weight = r;
    options.reduction = XENT_REDUCTION_SUM;
    expect_ok(xent_nll_loss(logp, y, &options, loss));
    expect_within(tensor_get(loss, 0), want, 4 * 0x1p-53 * want); /* of which the test's own are half */
    tensor_free(logp);
    tensor_free(w);
    tensor_free(y);
    tensor_free(r);
    tensor_free(loss);
}

/* Too small for the type, not without influence. */
static void test_sign_of_an_underflown_gradient(void **state)
{
    xent_tensor *z = tensor_of(XENT_F32, SHAPE(3), ROW_MAJOR, VALUES(1, 2, 3)),
                *grad = tensor_new(XENT_F32, SHAPE(3), ROW_MAJOR);
    xent_tensor *y = tensor_of(XENT_U8, SCALAR, ROW_MAJOR, VALUES(1));
    xent_options options = XENT_OPTIONS_INIT;
    (void)state;
    options.normalizer = 1e60;
    expect_ok(xent_cross_entropy_grad(z, y, &options, NULL, NULL, grad));
    for (int c = 0; c < 3; c++) {
        assert_true(tensor_get(grad, c) == 0);
        assert_int_equal(signbit(tensor_get(grad, c)) != 0, c == 1);
    }
    tensor_free(z);
    tensor_free(y);
    tensor_free(grad);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_z_loss_of_a_vanishing_lse),
        cmocka_unit_test(test_loss_under_a_softcap),
        cmocka_unit_test(test_subnormal_probabilities),
        cmocka_unit_test(test_slope_far_beyond_a_softcap),
        cmocka_unit_test(test_log_probability_near_0),
        cmocka_unit_test(test_smallest_gradient_beside_the_largest),
        cmocka_unit_test(test_sign_of_an_underflown_gradient),
        cmocka_unit_test(test_gradient_of_vanishing_products),
        cmocka_unit_test(test_divergence_of_vanishing_classes),
        cmocka_unit_test(test_negative_log_likelihood),
        cmocka_unit_test(test_negative_log_likelihood_of_an_index),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
