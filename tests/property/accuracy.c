/* Accuracy of rows with a class index, against binary128: loss, gradient, softmax, log-softmax and log-sum-exp. Prints the
   largest errors, and asserts the bounds that docs/numerics.md promises. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "accuracy_reference.h"
#include "support/backend.h"
#include "support/effort.h"
#include "support/tensors.h"

static const int64_t classes_list[] = { 2, 3, 10, 64, 65, 1000, 4096, 4097, 10000, 128256, 256000 };
static const double offsets[] = { 0, -3e4, 4e4, 1e6, 1e9 };
enum {
    CLASSES = sizeof classes_list / sizeof classes_list[0],
    OFFSETS = sizeof offsets / sizeof offsets[0],
    LOGITS_PER_BATCH = 12000,
    ROWS_PER_BATCH = 4000,
    LARGE = 100000 /* classes from here on: two of the offsets for each kind of rows */
};

enum result { LOSS, LOSS_IN_DOUBLE, GRADIENT, GRADIENT_AT_TARGET, SOFTMAX, LOG_SOFTMAX, LOGSUMEXP, RESULTS };

/* What the library answers for one batch, in its dtype where nothing else is said. */
struct answers {
    void *loss, *gradient, *softmax, *log_softmax, *logsumexp;
    double *loss_in_double;
};

static struct answers solve(const struct batch *b)
{
    const int64_t n = b->rows * b->classes;
    struct answers a = { elements_new(b->dtype, b->rows), elements_new(b->dtype, n),       elements_new(b->dtype, n),
                         elements_new(b->dtype, n),       elements_new(b->dtype, b->rows), elements_new(XENT_F64, b->rows) };
    xent_options none = XENT_OPTIONS_INIT;
    none.reduction = XENT_REDUCTION_NONE;
    xent_tensor *logits = tensor_over(b->dtype, SHAPE(b->rows, b->classes), b->logits);
    xent_tensor *target = tensor_over(XENT_I64, SHAPE(b->rows), b->target);
    xent_tensor *per_row = tensor_over(b->dtype, SHAPE(b->rows), a.loss);
    xent_tensor *in_double = tensor_over(XENT_F64, SHAPE(b->rows), a.loss_in_double);
    xent_tensor *per_logit = tensor_over(b->dtype, SHAPE(b->rows, b->classes), a.gradient);
    expect_ok(xent_cross_entropy(logits, target, &none, per_row));
    expect_ok(xent_cross_entropy_grad(logits, target, &none, NULL, in_double, per_logit));
    expect_ok(xent_tensor_set_data(per_logit, a.softmax));
    expect_ok(xent_softmax(logits, 1, per_logit));
    expect_ok(xent_tensor_set_data(per_logit, a.log_softmax));
    expect_ok(xent_log_softmax(logits, 1, per_logit));
    expect_ok(xent_tensor_set_data(per_row, a.logsumexp));
    expect_ok(xent_logsumexp(logits, 1, per_row));
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(per_row);
    xent_tensor_destroy(in_double);
    xent_tensor_destroy(per_logit);
    return a;
}

static void answers_free(struct answers *a)
{
    free(a->loss);
    free(a->gradient);
    free(a->softmax);
    free(a->log_softmax);
    free(a->logsumexp);
    free(a->loss_in_double);
}

/* Loss and log-sum-exp of row i. The double behind an F32 loss has no error from rounding to storage; terms that lie 190 octaves
   below the maximum do not reach it. */
static void check_row(struct measure *m, const struct precision *p, const struct batch *b, const struct answers *a,
                      const struct reference *r, int64_t i)
{
    const quad loss = -reference_log_probability(r, b->target[i]), lse = r->max + r->log1p_rest;
    const double loss_ulp = ulp(p, loss), lse_ulp = ulp(p, lse);
    if (p->dtype == XENT_F32) {
        const double relative = 0x1p-25 * (double)loss;
        measure(&m[LOSS], element(p->dtype, a->loss, i), loss, loss_ulp, loss_ulp, b);
        measure(&m[LOSS_IN_DOUBLE], a->loss_in_double[i], loss, loss < 0x1p-149 ? 0 : relative,
                1.2 * relative + (loss < 0x1p-149 ? 0x1p-189 : 0), b);
    } else {
        measure(&m[LOSS], element(p->dtype, a->loss, i), loss, loss_ulp, 4 * loss_ulp, b);
        measure(&m[LOSS_IN_DOUBLE], a->loss_in_double[i], loss, loss_ulp, 4 * loss_ulp, b);
    }
    const double through_log1p = (p->dtype == XENT_F32 ? 0x1.6a09e6p-25 : 0x1p-51) * (double)r->log1p_rest;
    measure(&m[LOGSUMEXP], element(p->dtype, a->logsumexp, i), lse, lse_ulp, lse_ulp + through_log1p, b);
}

/* What is relative to its own size: gradient and probability of class c at distance d below the maximum. */
static void check_relative(struct measure *m, const struct precision *p, const struct batch *b, double got, quad exact,
                           double d)
{
    const double size = p->unit * fabs((double)exact), units = p->dtype == XENT_F32 ? 4 : 6 + d / 24;
    measure(m, got, exact, fabs((double)exact) * p->unit < p->tiny ? 0 : size, units * size + p->tiny, b);
}

static void check_entries(struct measure *m, const struct precision *p, const struct batch *b, const struct answers *a,
                          const struct reference *r, int64_t i)
{
    for (int64_t c = 0; c < b->classes; c++) {
        const int64_t at = i * b->classes + c;
        const double gradient = element(p->dtype, a->gradient, at), softmax = element(p->dtype, a->softmax, at);
        const double log_softmax = element(p->dtype, a->log_softmax, at), distance = (double)(r->max - (quad)r->z[c]);
        if (r->z[c] == -INFINITY) {
            assert_true(gradient == 0 && softmax == 0 && log_softmax == -INFINITY);
            continue;
        }
        const quad probability = reference_probability(r, c), log_probability = reference_log_probability(r, c);
        if (c == b->target[i])
            check_relative(&m[GRADIENT_AT_TARGET], p, b, gradient, reference_probability_less_one(r, c), distance);
        else
            check_relative(&m[GRADIENT], p, b, gradient, probability, distance);
        check_relative(&m[SOFTMAX], p, b, softmax, probability, distance);
        const double unit = ulp(p, log_probability);
        measure(&m[LOG_SOFTMAX], log_softmax, log_probability, unit, (p->dtype == XENT_F32 ? 2 : 4) * unit, b);
    }
}

static void check_batch(struct measure *m, const struct precision *p, const struct batch *b)
{
    struct answers a = solve(b);
    quad *term = malloc((size_t)b->classes * sizeof *term);
    assert_non_null(term);
    for (int64_t i = 0; i < b->rows; i++) {
        const struct reference r = reference_of(b->exact + i * b->classes, b->classes, term);
        check_row(m, p, b, &a, &r, i);
        check_entries(m, p, b, &a, &r, i);
    }
    free(term);
    answers_free(&a);
}

/* All kinds of rows, numbers of classes and offsets, for the precision of *state. */
static void rows_are_accurate(void **state)
{
    const struct precision *p = *state;
    const char *relative = p->dtype == XENT_F32 ? "2^-24" : "2^-53";
    struct measure m[RESULTS] = {
        [LOSS] = { .result = "loss", .unit = "ulp" },
        [LOSS_IN_DOUBLE] = { .result = "loss as F64", .unit = p->dtype == XENT_F32 ? "2^-25" : "ulp" },
        [GRADIENT] = { .result = "gradient", .unit = relative },
        [GRADIENT_AT_TARGET] = { .result = "gradient at the target", .unit = relative },
        [SOFTMAX] = { .result = "softmax", .unit = relative },
        [LOG_SOFTMAX] = { .result = "log_softmax", .unit = "ulp" },
        [LOGSUMEXP] = { .result = "logsumexp", .unit = "ulp" },
    };
    struct random random = random_stream(1, (uint64_t)p->dtype);
    for (int k = 0; k < CLASSES * ROW_KINDS * OFFSETS; k++) {
        const int c = k / (ROW_KINDS * OFFSETS), kind = k / OFFSETS % ROW_KINDS, offset = k % OFFSETS;
        const int64_t classes = classes_list[c], fit = effort(LOGITS_PER_BATCH) / classes;
        if (classes >= LARGE && offset != 0 && offset != 1 + (c + kind) % (OFFSETS - 1)) continue;
        if (classes > effort(classes_list[CLASSES - 1])) continue;
        const int64_t rows = fit < 1 ? 1 : fit > ROWS_PER_BATCH ? ROWS_PER_BATCH : fit;
        struct batch b = batch_new(p->dtype, rows, classes, (enum row_kind)kind, offsets[offset], &random);
        check_batch(m, p, &b);
        batch_free(&b);
    }
    assert_int_equal(measures_print(p->name, m, RESULTS), 0);
}

/* The loss of the row { high, low } with target 0, in the precision of the logits or, for F32 logits, as F64. */
static double loss_of_two(xent_dtype dtype, xent_dtype loss_dtype, double high, double low)
{
    void *memory = elements_new(dtype, 2), *loss = elements_new(loss_dtype, 1);
    int64_t first = 0;
    element_set(dtype, memory, 0, high);
    element_set(dtype, memory, 1, low);
    xent_tensor *logits = tensor_over(dtype, SHAPE(2), memory), *target = tensor_over(XENT_I64, SCALAR, &first);
    xent_tensor *out = tensor_over(loss_dtype, SCALAR, loss);
    expect_ok(xent_cross_entropy(logits, target, NULL, out));
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(out);
    const double value = element(loss_dtype, loss, 0);
    free(memory);
    free(loss);
    return value;
}

/* 69.07755... = -ln(expm1(1e-30)), given as the difference of two numbers because no float comes close enough to it. */
static void a_loss_of_1e_30_comes_back(void **state)
{
    (void)state;
    const double gap = 0x1.144f69ff9ffc4p+6, low = (double)(float)-gap, high = (double)(float)(gap + low);
    const double single = loss_of_two(XENT_F32, XENT_F32, high, low), wide = loss_of_two(XENT_F32, XENT_F64, high, low);
    const double whole = loss_of_two(XENT_F64, XENT_F64, gap, 0);
    printf("1e-30 from F32 logits: %.9g, as F64 %.12g; from F64 logits: %.17g\n", single, wide, whole);
    assert_true(fabs(single - 1e-30) <= 0x1p-24 * 1e-30);
    assert_true(fabs(wide - 1e-30) <= 1.3 * 0x1p-25 * 1e-30);
    assert_true(fabs(whole - 1e-30) <= 0x1p-46 * 1e-30); /* gap itself is rounded by 2^-47 */
}

/* Losses down into the subnormal numbers, by the margin: 3.8e-44 is 27 of the smallest float. */
static void faint_losses_keep_what_their_type_holds(void **state)
{
    (void)state;
    for (double margin = 80; margin <= 103; margin += 0.0625) {
        const quad exact = quad_log1p(quad_exp(-(quad)margin));
        const double got = loss_of_two(XENT_F32, XENT_F32, margin, 0), half = ulp(&precision_f32, exact) / 2;
        if (!((double)quad_abs((quad)got - exact) <= half + 0x1.3p-25 * (double)exact))
            fail_msg("margin %g: the loss is %.9g, exactly %.9g", margin, got, (double)exact);
    }
    for (double margin = 80; margin <= 744; margin += 0.25) {
        const quad exact = quad_log1p(quad_exp(-(quad)margin));
        const double got = loss_of_two(XENT_F64, XENT_F64, 1000, 1000 - margin);
        if (!((double)quad_abs((quad)got - exact) <= 4 * ulp(&precision_f64, exact)))
            fail_msg("margin %g: the loss is %.17g, exactly %.17g", margin, got, (double)exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "F32 rows", rows_are_accurate, NULL, NULL, (void *)&precision_f32 },
        { "F64 rows", rows_are_accurate, NULL, NULL, (void *)&precision_f64 },
        cmocka_unit_test(a_loss_of_1e_30_comes_back),
        cmocka_unit_test(faint_losses_keep_what_their_type_holds),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
