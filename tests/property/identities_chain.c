/* The pieces put together are the whole: softmax, log and nll_loss are cross_entropy, and their backward passes are its gradient.
   Each step adds the error that its bound allows; nothing else is allowed. `identities_chain <seed>` runs other batches. */
#include <math.h>
#include <stdlib.h>

#include "identity.h"

/* How far the answers of softmax and log_softmax for a class may lie from the exact ones. */
struct step {
    double log_probability;       /* exact, to double precision */
    double in_probability;        /* absolute */
    double in_log_probability;    /* of log_softmax, absolute */
    double in_log_of_probability; /* of log(softmax), absolute; infinite where the probability is too small for its type */
};

static double ulps(const struct precision *p, double count, double x) { return count * 2 * half_ulp(p, x); }

/* log's and log_softmax's own error at x, stored. */
static double log_error(xent_dtype dtype, double x)
{
    const struct precision *storage = precision_of(dtype), *a = arithmetic_of(dtype);
    const double exact = ulps(a, a->dtype == XENT_F32 ? 2 : 4, x),
                 own = storage == a ? exact : fmax(exact, 3 * a->unit * fabs(x));
    return own + (storage == a ? 0 : half_ulp(storage, fabs(x) + own));
}

static struct step step_of(const struct trial *t, const struct bounds *b, int64_t c)
{
    const struct precision *storage = precision_of(t->dtype), *a = arithmetic_of(t->dtype);
    const double distance = b->max - b->capped[c], p = b->probability[c];
    struct step s = { .log_probability = -(distance + b->log1p_rest) };
    s.in_probability = (a->dtype == XENT_F32 ? 4 : 6 + distance / 24) * a->unit * p + a->tiny;
    if (p == 0) s.in_probability = 0;
    if (storage != a) s.in_probability += half_ulp(storage, p + s.in_probability);
    const double relative = p == 0 ? 1 : s.in_probability / p, before = relative < 0.5 ? -log1p(-relative) : INFINITY;
    s.in_log_probability = log_error(t->dtype, s.log_probability);
    s.in_log_of_probability = isinf(before) ? INFINITY : before + log_error(t->dtype, fabs(s.log_probability) + before);
    return s;
}

/* What nll_loss adds: its sum and products are in double. */
static double sum_error(const struct bounds *b) { return 0x1p-50 * b->loss + 0x1p-1070; }

/* The losses of nll_loss from log-probabilities that are off by the member of struct step at this offset. */
static void expect_losses(const struct trial *t, const double *got, const double *want, int of_log, const char *what)
{
    struct bounds b = bounds_new(t->classes);
    for (int64_t i = 0; i < t->rows; i++) {
        const struct row row = trial_row(t, i);
        double allowed = 0;
        bounds_of(&b, &t->objective, &row);
        for (int64_t c = 0; c < t->classes; c++) {
            const struct step s = step_of(t, &b, c);
            if (b.coefficient[c] != 0) allowed += b.coefficient[c] * (of_log ? s.in_log_of_probability : s.in_log_probability);
        }
        if (isfinite(allowed)) expect_near(got[i], want[i], allowed + b.loss_allowed + sum_error(&b), what, i, -1);
    }
    bounds_free(&b);
}

static void nll_loss_is_cross_entropy(struct trial *t, struct random *r)
{
    double *want = numbers_new(t->rows), *got = numbers_new(t->rows), *gradient = numbers_new(t->rows * t->classes);
    xent_tensor *p = tensor_new(t->dtype, SHAPE(t->rows, t->classes), ROW_MAJOR),
                *loss = tensor_over(XENT_F64, SHAPE(t->rows), got);
    (void)r;
    trial_solve(t, want, gradient);
    expect_ok(xent_softmax(t->logits_tensor, 1, p));
    expect_ok(xent_log(p, p));
    expect_ok(xent_nll_loss(p, trial_target(t), &t->options, loss));
    expect_losses(t, got, want, 1, "nll_loss of log(softmax)");
    expect_ok(xent_log_softmax(t->logits_tensor, 1, p));
    expect_ok(xent_nll_loss(p, trial_target(t), &t->options, loss));
    expect_losses(t, got, want, 0, "nll_loss of log_softmax");
    tensor_free(p);
    xent_tensor_destroy(loss);
    free(want);
    free(got);
    free(gradient);
}

/* ---- Backward ------------------------------------------------------------------------------------------------------------ */

/* Rounding a result of the arithmetic to storage. */
static double stored(xent_dtype dtype, double x)
{
    const struct precision *storage = precision_of(dtype), *a = arithmetic_of(dtype);
    return a->tiny + (storage == a ? 0 : half_ulp(storage, x));
}

/* nll_loss_backward's error at an entry g: three roundings in double, one to the arithmetic's type, one to storage. */
static double nll_error(xent_dtype dtype, double g)
{
    const struct precision *a = arithmetic_of(dtype);
    if (g == 0) return 0;
    return 3 * 0x1p-53 * g + (a->dtype == XENT_F64 ? a->tiny : half_ulp(a, g)) + stored(dtype, g);
}

static double backward_units(xent_dtype dtype) { return dtype == XENT_F64 ? 5 * 0x1p-53 : 1.5 * 0x1p-24; }

/* What may lie between log_softmax_backward of nll_loss_backward's entries and the gradient: with g = -F coef, the exact entry is
   g_c - p_c sum g. */
static void expect_log_chain(const struct trial *t, const struct bounds *b, const struct row *row, const double *got,
                             const double *want, int64_t i)
{
    double total = fabs(row->factor) * b->total, off = 0;
    for (int64_t c = 0; c < t->classes; c++) off += nll_error(t->dtype, fabs(row->factor) * b->coefficient[c]);
    for (int64_t c = 0; c < t->classes; c++) {
        const struct step s = step_of(t, b, c);
        const double g = fabs(row->factor) * b->coefficient[c], in_g = nll_error(t->dtype, g), p = b->probability[c];
        const double growth = p == 0 ? 0 : expm1(s.in_log_probability);
        const double before = in_g + p * off + p * growth * (total + off);
        const double own = backward_units(t->dtype) * (g + in_g + p * (1 + growth) * (total + off));
        const double allowed = before + own;
        expect_near(got[c], want[c], allowed + stored(t->dtype, fabs(b->entry[c]) + allowed) + b->allowed[c],
                    "log_softmax_backward of nll_loss_backward", i, c);
    }
}

/* The same through softmax: the derivative of log is a division, made here and rounded to storage. */
static void expect_softmax_chain(const struct trial *t, const struct bounds *b, const struct row *row, const double *got,
                                 const double *want, const double *divided, int64_t i)
{
    const struct precision *storage = precision_of(t->dtype);
    double total = fabs(row->factor) * b->total, off = 0;
    for (int64_t c = 0; c < t->classes; c++) {
        const double p = b->probability[c] + step_of(t, b, c).in_probability;
        off += nll_error(t->dtype, fabs(row->factor) * b->coefficient[c]);
        if (divided[c] != 0) off += p * (half_ulp(storage, divided[c]) + 0x1p-53 * fabs(divided[c]));
    }
    for (int64_t c = 0; c < t->classes; c++) {
        const struct step s = step_of(t, b, c);
        const double g = fabs(row->factor) * b->coefficient[c], p = b->probability[c] + s.in_probability;
        const double in_g =
            divided[c] == 0 ? 0 : nll_error(t->dtype, g) + p * (half_ulp(storage, divided[c]) + 0x1p-53 * fabs(divided[c]));
        const double before = in_g + p * off + s.in_probability * total;
        const double allowed = before + backward_units(t->dtype) * (g + in_g + p * (total + off));
        expect_near(got[c], want[c], allowed + stored(t->dtype, fabs(b->entry[c]) + allowed) + b->allowed[c],
                    "softmax_backward of log's and nll_loss_backward", i, c);
    }
}

/* grad_p = grad_logp / p; whether each is a number that its type holds. */
static int divide(const xent_tensor *grad_logp, const xent_tensor *p, xent_tensor *grad_p)
{
    int fine = 1;
    for (int64_t i = 0; i < xent_tensor_numel(p); i++) {
        const double g = tensor_get(grad_logp, i);
        tensor_set(grad_p, i, g == 0 ? 0 : g / tensor_get(p, i));
        if (!isfinite(tensor_get(grad_p, i))) fine = 0;
    }
    return fine;
}

static void expect_chain(const struct trial *t, const double *got, const double *want, const double *divided)
{
    struct bounds b = bounds_new(t->classes);
    for (int64_t i = 0; i < t->rows; i++) {
        const struct row row = trial_row(t, i);
        const int64_t at = i * t->classes;
        bounds_of(&b, &t->objective, &row);
        if (divided == NULL)
            expect_log_chain(t, &b, &row, got + at, want + at, i);
        else
            expect_softmax_chain(t, &b, &row, got + at, want + at, divided + at, i);
    }
    bounds_free(&b);
}

static void backward_passes_are_the_gradient(struct trial *t, struct random *r)
{
    const int64_t n = t->rows * t->classes;
    double *loss = numbers_new(t->rows), *want = numbers_new(n), *got = numbers_new(n), *divided = numbers_new(n);
    xent_tensor *p = tensor_new(t->dtype, SHAPE(t->rows, t->classes), ROW_MAJOR);
    xent_tensor *g = tensor_new(t->dtype, SHAPE(t->rows, t->classes), ROW_MAJOR);
    xent_tensor *out = tensor_new(t->dtype, SHAPE(t->rows, t->classes), ROW_MAJOR);
    (void)r;
    trial_solve(t, loss, want);
    expect_ok(xent_log_softmax(t->logits_tensor, 1, p));
    expect_ok(xent_nll_loss_backward(p, trial_target(t), &t->options, t->upstream_tensor, g));
    expect_ok(xent_log_softmax_backward(p, g, 1, out));
    tensor_numbers(out, got);
    expect_chain(t, got, want, NULL);

    expect_ok(xent_softmax(t->logits_tensor, 1, p));
    if (divide(g, p, g)) {
        expect_ok(xent_softmax_backward(p, g, 1, out));
        tensor_numbers(out, got);
        tensor_numbers(g, divided);
        expect_chain(t, got, want, divided);
    }
    tensor_free(p);
    tensor_free(g);
    tensor_free(out);
    free(loss);
    free(want);
    free(got);
    free(divided);
}

static const struct identity losses = { nll_loss_is_cross_entropy, FEATURE_WEIGHT | FEATURE_PROBABILITIES | FEATURE_MASK, 250,
                                        5000, 0 };
static const struct identity gradients = { backward_passes_are_the_gradient,
                                           FEATURE_WEIGHT | FEATURE_PROBABILITIES | FEATURE_MASK, 250, 5000, 0 };

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IDENTITY_TEST("nll_loss_is_cross_entropy", &losses),
        IDENTITY_TEST("backward_passes_are_the_gradient", &gradients),
    };
    identities_begin(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
