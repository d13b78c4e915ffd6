/* cross_entropy and its gradient. */
#include <math.h>
#include <stdlib.h>

#include "expect_row.h"
#include "support/problem_operand.h"

static void expect_loss(const struct rows *b, int at)
{
    struct row_loss *losses = memory_new((size_t)b->count * sizeof *losses);
    double *weights = rows_weights(b);
    for (int64_t row = 0; row < b->count; row++) {
        losses[row] = (struct row_loss){ 0, 0 };
        if (rows_ignores(b, row)) continue;
        struct exact_row x = exact_row_of(b, ROLE_INPUT, row);
        losses[row] = expect_row_loss(b, &x, row, weights);
        exact_row_free(&x);
    }
    expect_losses(b, at, losses);
    free(weights);
}

void expect_cross_entropy(const struct rows *b) { expect_loss(b, ROLE_LOSS); }

static void expect_all(const struct rows *b, int64_t row, quad value)
{
    for (int64_t c = 0; c < b->classes; c++) expect_stored(b, ROLE_OUTPUT, rows_at(b, row, c), value, 0);
}

/* A row that counts and has probabilities. */
static void expect_entries(const struct rows *b, const struct exact_row *x, int64_t row, const double *weights, quad factor,
                           double off)
{
    const struct objective o = { b->dtype, b->classes, &b->options, weights };
    double *probabilities = rows_of_indices(b) ? NULL : rows_numbers(b, ROLE_PROBABILITIES, row);
    const struct row given = { x->z, probabilities == NULL ? rows_target(b, row) : 0, probabilities, (double)factor };
    const quad lse = x->prob.max + x->prob.log1p_rest, z_loss = 2 * (quad)b->options.z_loss;
    const double end = precision_of(b->dtype)->largest;
    struct bounds bounds = bounds_new(b->classes);
    quad total = 0;
    bounds_of(&bounds, &o, &given);
    for (int64_t c = 0; c < b->classes; c++) total += (quad)bounds.coefficient[c];
    const bool usual =
        has_usual_coefficients(b, probabilities) && total < (quad)0x1p1000 && quad_abs(z_loss * lse) < (quad)0x1p1000;
    for (int64_t c = 0; c < b->classes && usual; c++) {
        const quad p = reference_probability(&x->prob, c), k = (quad)bounds.coefficient[c];
        const quad bracket = k == total ? k * reference_probability_less_one(&x->prob, c) : total * p - k;
        const quad entry = factor * x->slope[c] * (bracket + z_loss * lse * p);
        const double lost = 4 * 0x1p-1074 * (double)quad_abs(factor * x->slope[c]); /* of a bracket that is subnormal */
        const double size = fabs((double)entry), units = 0x1p-50 + off, allowed = bounds.allowed[c] + units * size + lost;
        expect_stored(b, ROLE_OUTPUT, rows_at(b, row, c), entry, size + allowed >= end * 0.99 ? (double)INFINITY : allowed);
    }
    bounds_free(&bounds);
    free(probabilities);
}

void expect_cross_entropy_grad(const struct rows *b)
{
    double *weights = rows_weights(b);
    if (rows_has(b, ROLE_LOSS)) expect_loss(b, ROLE_LOSS);
    double off;
    const quad divisor = rows_divisor(b, &off);
    for (int64_t row = 0; row < b->count; row++) {
        const quad factor = rows_factor(b, row, divisor);
        struct exact_row x = exact_row_of(b, ROLE_INPUT, row);
        if (rows_ignores(b, row))
            expect_all(b, row, 0);
        else if (x.none || factor != factor)
            expect_all(b, row, (quad)NAN);
        else if (is_usual_factor(factor, divisor))
            expect_entries(b, &x, row, weights, factor, off);
        exact_row_free(&x);
    }
    free(weights);
}
