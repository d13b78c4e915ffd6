/* The gradient is the derivative of the loss: every combination of options, target kind and reduction in F64, against differences of
   losses. `identities_difference <seed>` runs other batches. */
#include <math.h>
#include <stdlib.h>

#include "identity.h"

/* (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h is f'(x) but for h^4/30 times a fifth derivative nearby. With this h what the bounds
   let losses be off by weighs about as much. */
static const double h = 0x1p-9;

enum { TAPS = 4 };
static const double taps[TAPS] = { -2, -1, 1, 2 }, weights[TAPS] = { 1, -8, 8, -1 };

/* A bound of the fifth derivative by one logit of a row's loss. Each derivative by a capped logit v, up to the fifth, is at most
   `each`: those of lse are below 1, and what lse^2 adds to them is below 2 (|lse| + 4). tanh's own are at most 1, 0.77, 2, 4.1 and
   16; the sum is Faa di Bruno's. */
static double fifth_derivative(const struct trial *t, const struct bounds *b, int64_t c)
{
    const double each = b->total + b->coefficient[c] + t->options.z_loss * 2 * (fabs(b->lse) + 4), k = t->options.softcap;
    double chain = 1;
    if (k != 0) {
        const double d2 = 0.77 / k, d3 = 2 / (k * k), d4 = 4.1 / (k * k * k), d5 = 16 / (k * k * k * k);
        chain += 10 * d2 + 15 * d2 * d2 + 10 * d3 + 10 * d2 * d3 + 5 * d4 + d5;
    }
    return each * chain * pow(t->options.logit_scale, 5);
}

/* What all rows together may be off by in a loss that adds them up, the reduction's own rounding included. */
static double loss_error(const struct trial *t)
{
    struct bounds b = bounds_new(t->classes);
    double error = 0;
    for (int64_t i = 0; i < t->rows; i++) {
        const struct row row = trial_row(t, i);
        bounds_of(&b, &t->objective, &row);
        /* Rows that are moved have somewhat larger losses; and each product scale * z is rounded. */
        error += 2 * b.loss_allowed + 0x1p-50 * b.loss;
        for (int64_t c = 0; c < t->classes; c++)
            error += 0x1p-52 * fabs(t->logits[i * t->classes + c]) * b.slope[c] *
                     (b.total + b.coefficient[c] + 2 * t->options.z_loss * (fabs(b.lse) + 1));
    }
    bounds_free(&b);
    return error;
}

/* grad_loss / divisor of MEAN or SUM. */
static double factor_of(const struct trial *t)
{
    double divisor = 1;
    if (t->options.reduction == XENT_REDUCTION_MEAN) expect_ok(xent_mean_divisor(trial_target(t), &t->options, &divisor));
    if (t->options.normalizer != 0 && t->options.reduction == XENT_REDUCTION_MEAN) divisor = t->options.normalizer;
    return t->upstream[0] / divisor;
}

/* The scalar whose gradient is asked for: the reduced loss times its upstream gradient. */
static double objective_at(struct trial *t, int64_t at, double z)
{
    const double before = tensor_get(t->logits_tensor, at);
    double loss;
    xent_tensor *out = tensor_over(XENT_F64, SCALAR, &loss);
    tensor_set(t->logits_tensor, at, z);
    expect_ok(xent_cross_entropy(t->logits_tensor, trial_target(t), &t->options, out));
    tensor_set(t->logits_tensor, at, before);
    xent_tensor_destroy(out);
    return t->upstream[0] * loss;
}

static void check_entry(struct trial *t, int64_t at, double factor, double error, double entry)
{
    const int64_t i = at / t->classes, c = at % t->classes;
    struct bounds b = bounds_new(t->classes);
    struct row row = trial_row(t, i);
    double difference = 0;
    row.factor = factor;
    bounds_of(&b, &t->objective, &row);
    for (int k = 0; k < TAPS; k++) difference += weights[k] * objective_at(t, at, t->logits[at] + taps[k] * h);
    const double truncation = h * h * h * h / 30 * fifth_derivative(t, &b, c), rounding = 1.5 * error / h;
    expect_near(entry, difference / (12 * h), fabs(factor) * (truncation + rounding) + b.allowed[c], "gradient", i, c);
    bounds_free(&b);
}

/* Logits such that z +- 2h are numbers. */
static void gradients_are_derivatives(struct trial *t, struct random *r)
{
    t->options.reduction = random_chance(r, 2) ? XENT_REDUCTION_MEAN : XENT_REDUCTION_SUM;
    if (random_chance(r, 2)) t->options.normalizer = 3.7;
    for (int64_t i = 0; i < t->rows * t->classes; i++) t->logits[i] = rint(ldexp(t->logits[i], 20)) * 0x1p-20;
    trial_update(t);
    const double factor = factor_of(t), error = loss_error(t);
    if (!isfinite(factor)) return; /* all weights are 0 */
    const int64_t n = t->rows * t->classes;
    xent_tensor *upstream = tensor_of(XENT_F64, SHAPE(1), ROW_MAJOR, t->upstream);
    xent_tensor *gradient = tensor_new(XENT_F64, SHAPE(t->rows, t->classes), ROW_MAJOR);
    expect_ok(xent_cross_entropy_grad(t->logits_tensor, trial_target(t), &t->options, upstream, NULL, gradient));
    for (int k = 0; k < 6; k++) {
        const int64_t at = k < t->rows ? k * t->classes + t->index[k] : random_below(r, n);
        check_entry(t, at, factor, error, tensor_get(gradient, at));
    }
    tensor_free(upstream);
    tensor_free(gradient);
}

static const struct identity differences = { gradients_are_derivatives, FEATURE_OPTIONS - 1, 2000, 40, 1 };

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { IDENTITY_TEST("gradients_are_derivatives", &differences) };
    identities_begin(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
