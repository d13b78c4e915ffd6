/* Accuracy with label smoothing, z-loss, logit scale and softcap, alone and together, with class weights or without, for class
   indices and probabilities, against binary128. The bounds are those of bounds.h; the table gives the largest share of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "accuracy_reference.h"
#include "support/effort.h"
#include "trial.h"

static const int64_t classes_list[] = { 2, 3, 10, 65, 1000, 4097 };
static const double offsets[] = { 0, -3e4, 4e4, 1e6, 1e9 }, offsets_of_16_bits[] = { 0, -30, 100, 1e3, 4e4 };
enum {
    CLASSES = sizeof classes_list / sizeof classes_list[0],
    OFFSETS = sizeof offsets / sizeof offsets[0],
    LOGITS_PER_BATCH = 600
};

/* What is on, beyond weights. */
enum group { WEIGHTS_ALONE, SMOOTHING, Z_LOSS, SCALE, SOFTCAP, SEVERAL, SEVERAL_WITH_SOFTCAP, GROUPS };
static const char *const group_names[GROUPS] = {
    "none", "smoothing", "z_loss", "scale", "softcap", "several", "several, capped"
};

static enum group group_of(unsigned features)
{
    switch (features & (FEATURE_SMOOTHING | FEATURE_Z_LOSS | FEATURE_SCALE | FEATURE_SOFTCAP)) {
    case 0: return WEIGHTS_ALONE;
    case FEATURE_SMOOTHING: return SMOOTHING;
    case FEATURE_Z_LOSS: return Z_LOSS;
    case FEATURE_SCALE: return SCALE;
    case FEATURE_SOFTCAP: return SOFTCAP;
    default: return features & FEATURE_SOFTCAP ? SEVERAL_WITH_SOFTCAP : SEVERAL;
    }
}

/* One row in binary128. */
struct exact {
    quad *capped, *slope, *term; /* v, dv/dz, e^(v - m) */
    quad total;                  /* the coefficients' sum */
    struct reference reference;  /* of v */
};

static struct exact exact_new(int64_t classes)
{
    quad *memory = malloc(3 * (size_t)classes * sizeof *memory);
    assert_non_null(memory);
    return (struct exact){ .capped = memory, .slope = memory + classes, .term = memory + 2 * classes };
}

static quad coefficient(const struct objective *o, const struct row *row, int64_t c)
{
    const quad e = (quad)o->options->label_smoothing, weight = o->weight == NULL ? 1 : (quad)o->weight[c];
    const quad target = row->probabilities != NULL ? (quad)row->probabilities[c] : c == row->target;
    return weight * ((1 - e) * target + e / (quad)o->classes);
}

static void exact_of(struct exact *x, const struct objective *o, const struct row *row)
{
    const quad scale = (quad)objective_scale(o), softcap = (quad)objective_softcap(o);
    x->total = 0;
    for (int64_t c = 0; c < o->classes; c++) {
        const double scaled = objective_scaled(o, row->logits[c]);
        x->capped[c] = (quad)scaled;
        x->slope[c] = scale;
        if (softcap != 0 && scaled > -INFINITY) {
            const quad e = quad_exp(-2 * quad_abs((quad)objective_reduced(o, scaled)));
            x->capped[c] = softcap * quad_tanh((quad)scaled / softcap);
            x->slope[c] = scale * (4 * e / ((1 + e) * (1 + e)));
        }
        x->total += coefficient(o, row, c);
    }
    x->reference = reference_of(x->capped, o->classes, x->term);
}

static quad exact_loss(const struct exact *x, const struct objective *o, const struct row *row)
{
    const quad lse = x->reference.max + x->reference.log1p_rest;
    quad loss = (quad)o->options->z_loss * lse * lse;
    for (int64_t c = 0; c < o->classes; c++) {
        const quad coef = coefficient(o, row, c);
        if (coef != 0) loss += coef * -reference_log_probability(&x->reference, c);
    }
    return loss;
}

static quad exact_entry(const struct exact *x, const struct objective *o, const struct row *row, int64_t c)
{
    const struct reference *r = &x->reference;
    const quad lse = r->max + r->log1p_rest, coef = coefficient(o, row, c), p = reference_probability(r, c);
    const quad entry = coef == x->total ? coef * reference_probability_less_one(r, c) : x->total * p - coef;
    return (quad)row->factor * x->slope[c] * (entry + 2 * (quad)o->options->z_loss * lse * p);
}

static void check_row(struct measure *m, const struct trial *t, const struct batch *batch, int64_t i, double loss,
                      const double *gradient)
{
    const struct row row = trial_row(t, i);
    struct bounds b = bounds_new(t->classes);
    struct exact x = exact_new(t->classes);
    struct measure *of_loss = &m[2 * group_of(t->features)], *of_entry = of_loss + 1;
    bounds_of(&b, &t->objective, &row);
    exact_of(&x, &t->objective, &row);
    measure(of_loss, loss, exact_loss(&x, &t->objective, &row), b.loss_allowed, b.loss_allowed, batch);
    for (int64_t c = 0; c < t->classes; c++) {
        const quad entry = exact_entry(&x, &t->objective, &row, c);
        if (isinf(b.allowed[c])) /* near the end of the type, or beyond */
            assert_true((entry > 0) == (gradient[c] > 0) && fabs(gradient[c]) >= precision_of(t->dtype)->largest * 0.99);
        else
            measure(of_entry, gradient[c], entry, b.allowed[c], b.allowed[c], batch);
    }
    bounds_free(&b);
    free(x.capped);
}

static void check_batch(struct measure *m, const struct batch *batch, unsigned features, struct random *r)
{
    struct trial *t = trial_new(r, batch->dtype, batch->rows, batch->classes, features, batch->exact, batch->target);
    double *loss = numbers_new(t->rows), *gradient = numbers_new(t->rows * t->classes);
    trial_solve(t, loss, gradient);
    for (int64_t i = 0; i < t->rows; i++) check_row(m, t, batch, i, loss[i], gradient + i * t->classes);
    free(loss);
    free(gradient);
    trial_free(t);
}

static void options_are_accurate(void **state)
{
    const struct precision *p = *state;
    const double *list = arithmetic_of(p->dtype) == p ? offsets : offsets_of_16_bits;
    char names[2 * GROUPS][40];
    struct measure m[2 * GROUPS] = { { .result = NULL } };
    struct random random = accuracy_stream(4, p->dtype);
    for (int i = 0; i < 2 * GROUPS; i++) {
        snprintf(names[i], sizeof names[i], "%s: %s", group_names[i / 2], i % 2 == 0 ? "loss" : "gradient");
        m[i].result = names[i];
        m[i].unit = "bound";
    }
    for (int k = 0; k < FEATURE_OPTIONS * ROW_KINDS; k++) {
        const int64_t classes = classes_list[random_below(&random, CLASSES)], fit = effort(LOGITS_PER_BATCH) / classes;
        const double offset = random_chance(&random, 2) ? 0 : list[random_below(&random, OFFSETS)];
        struct batch b = batch_new(p->dtype, fit < 1 ? 1 : fit, classes, (enum row_kind)(k % ROW_KINDS), offset, &random);
        check_batch(m, &b, (unsigned)(k / ROW_KINDS), &random);
        batch_free(&b);
    }
    assert_int_equal(measures_print(p->name, m, 2 * GROUPS), 0);
}

int main(int argc, char **argv) { return accuracy_main(argc, argv, options_are_accurate, true); }
