#include "expect_row.h"

#include <math.h>
#include <stdlib.h>

#include "support/problem_operand.h"

static struct objective objective_of(const struct rows *b, const double *weights)
{
    return (struct objective){ b->dtype, b->classes, &b->options, weights };
}

double exact_row_off(const struct rows *b, const struct exact_row *x, int64_t c)
{
    const double v = (double)x->capped[c];
    return b->options.softcap == 0 || isinf(v) ? 0 : bound_units_of(b->dtype)->capped * fabs(v) + arithmetic_of(b->dtype)->tiny;
}

struct exact_row exact_row_of(const struct rows *b, enum role role, int64_t row)
{
    const struct objective o = objective_of(b, NULL);
    const quad scale = (quad)objective_scale(&o), softcap = (quad)objective_softcap(&o);
    struct exact_row x = { .z = rows_numbers(b, role, row),
                           .scaled = memory_new((size_t)b->classes * sizeof(double)),
                           .capped = quads_new(b->classes),
                           .slope = quads_new(b->classes),
                           .term = quads_new(b->classes) };
    for (int64_t c = 0; c < b->classes; c++) {
        const double scaled = x.scaled[c] = objective_scaled(&o, x.z[c]);
        x.capped[c] = (quad)scaled;
        x.slope[c] = scale;
        if (softcap == 0 || !isfinite(scaled)) continue;
        const quad e = quad_exp(-2 * quad_abs((quad)objective_reduced(&o, scaled)));
        x.capped[c] = softcap * quad_tanh((quad)scaled / softcap);
        x.slope[c] = scale * (4 * e / ((1 + e) * (1 + e)));
    }
    for (int64_t c = 0; c < b->classes; c++) x.off = fmax(x.off, exact_row_off(b, &x, c));
    x.growth = expm1(2 * x.off);
    x.none = has_no_probabilities(x.scaled, b->classes);
    if (!x.none) x.prob = reference_of(x.capped, b->classes, x.term);
    return x;
}

void exact_row_free(struct exact_row *x)
{
    free(x->z);
    free(x->scaled);
    free(x->capped);
    free(x->slope);
    free(x->term);
}

bool has_usual_coefficients(const struct rows *b, const double *probabilities)
{
    const double smoothing = b->options.label_smoothing;
    for (int64_t c = 0; c < b->classes; c++) {
        const double share = probabilities == NULL ? 0 : probabilities[c];
        const quad s = (1 - (quad)smoothing) * (quad)share + (quad)smoothing / (quad)b->classes,
                   k = s * (quad)rows_class_weight(b, c);
        if (!(share >= 0) || !isfinite(share) || (k > 0 && k < (quad)0x1p-1022)) return false;
    }
    return true;
}

double *rows_weights(const struct rows *b)
{
    if (!rows_has(b, ROLE_WEIGHT)) return NULL;
    double *weights = memory_new((size_t)b->classes * sizeof *weights);
    for (int64_t c = 0; c < b->classes; c++) weights[c] = rows_class_weight(b, c);
    return weights;
}

static quad coefficient(const struct rows *b, const struct row *row, int64_t c)
{
    const quad e = (quad)b->options.label_smoothing;
    const quad target = row->probabilities != NULL ? (quad)row->probabilities[c] : c == row->target;
    return (quad)rows_class_weight(b, c) * ((1 - e) * target + e / (quad)b->classes);
}

static quad exact_loss(const struct rows *b, const struct exact_row *x, const struct row *row)
{
    const quad lse = x->prob.max + x->prob.log1p_rest;
    quad loss = (quad)b->options.z_loss * lse * lse;
    for (int64_t c = 0; c < b->classes; c++) {
        const quad k = coefficient(b, row, c);
        if (k != 0) loss += k * -reference_log_probability(&x->prob, c);
    }
    return loss;
}

struct row_loss expect_row_loss(const struct rows *b, const struct exact_row *x, int64_t row, const double *weights)
{
    const double r = rows_weight(b, row);
    const struct objective o = objective_of(b, weights);
    double *probabilities = rows_of_indices(b) ? NULL : rows_numbers(b, ROLE_PROBABILITIES, row);
    const struct row given = { x->z, probabilities == NULL ? rows_target(b, row) : 0, probabilities, 1 };
    struct row_loss loss = { (quad)NAN, 0 };
    if (!has_usual_coefficients(b, probabilities)) {
        loss = (struct row_loss){ x->none ? (quad)NAN : 0, NAN };
    } else if (!x->none) {
        struct bounds bounds = bounds_new(b->classes);
        bounds_of(&bounds, &o, &given);
        loss.exact = exact_loss(b, x, &given) * (quad)r;
        loss.allowed = r * bounds.loss_allowed + 0x1p-53 * fabs((double)loss.exact) + 0x1p-1074;
        if (loss.exact == (quad)INFINITY) loss.allowed = 0;
        if (!isfinite((double)(loss.exact / (quad)r)) && loss.exact != (quad)INFINITY) loss.allowed = NAN;
        bounds_free(&bounds);
    }
    free(probabilities);
    return loss;
}

quad rows_factor(const struct rows *b, int64_t row, quad divisor)
{
    const int64_t at = b->options.reduction == XENT_REDUCTION_NONE ? row : 0;
    const double g = rows_has(b, ROLE_GRAD_LOSS) ? argument_number(&b->stage->argument[ROLE_GRAD_LOSS], at) : 1;
    return divisor == 0 ? (quad)NAN : (quad)g / divisor * (quad)rows_weight(b, row);
}
