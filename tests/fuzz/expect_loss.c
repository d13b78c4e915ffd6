/* nll_loss, its gradient and the divisor of a mean. */
#include <math.h>
#include <stdlib.h>

#include "expect.h"
#include "flaw.h"
#include "support/problem_operand.h"

/* -w logp r of a class index: each product rounded to double. */
static struct row_loss of_index(const struct rows *b, int64_t row)
{
    const int64_t y = rows_target(b, row);
    const double weight = rows_class_weight(b, y), logp = argument_number(&b->stage->argument[ROLE_INPUT], rows_at(b, row, y));
    const volatile double of_class = weight == 0 ? 0 : -(weight * logp), loss = of_class * rows_weight(b, row);
    return (struct row_loss){ (quad)loss, 0 };
}

static struct row_loss of_probabilities(const struct rows *b, int64_t row)
{
    double *logp = rows_numbers(b, ROLE_INPUT, row), *t = rows_numbers(b, ROLE_PROBABILITIES, row);
    const quad r = (quad)rows_weight(b, row);
    quad sum = 0, size = 0;
    bool overflows = false;
    for (int64_t c = 0; c < b->classes; c++) {
        const quad k = (quad)rows_class_weight(b, c) * (quad)t[c];
        if (k == 0) continue;
        sum += k * -(quad)logp[c];
        size += quad_abs(k * (quad)logp[c]);
        overflows |= quad_abs(k * (quad)logp[c]) > (quad)0x1p1000 && isfinite(t[c]) && isfinite(logp[c]);
    }
    free(logp);
    free(t);
    if (overflows) return (struct row_loss){ 0, NAN };
    const bool extreme = size * r > (quad)0x1p1000 || size > (quad)0x1p1000 || (size > 0 && size * r < (quad)0x1p-950);
    const double share = b->dtype == XENT_F64 ? 0x1p-48 : 0x1p-46;
    const double allowed =
        share * (double)(size * r) + (double)r * (double)b->classes * 0x1p-1074 + 0x1p-53 * (double)(size * r);
    if (size != size || size == (quad)INFINITY) return (struct row_loss){ sum * r, 0 };
    return (struct row_loss){ sum * r, extreme ? (double)INFINITY : allowed };
}

void expect_nll_loss(const struct rows *b)
{
    struct row_loss *losses = memory_new((size_t)b->count * sizeof *losses);
    for (int64_t row = 0; row < b->count; row++) {
        if (rows_ignores(b, row))
            losses[row] = (struct row_loss){ 0, 0 };
        else
            losses[row] = rows_of_indices(b) ? of_index(b, row) : of_probabilities(b, row);
    }
    expect_losses(b, ROLE_LOSS, losses);
}

/* w t of class c. */
static quad coefficient(const struct rows *b, int64_t row, int64_t c)
{
    if (rows_of_indices(b)) return c == rows_target(b, row) ? (quad)rows_class_weight(b, c) : 0;
    return (quad)rows_class_weight(b, c) * (quad)argument_number(call_target(b->call), rows_at(b, row, c));
}

void expect_nll_loss_backward(const struct rows *b)
{
    const struct precision *a = arithmetic_of(b->dtype);
    double off;
    const quad divisor = rows_divisor(b, &off);
    for (int64_t row = 0; row < b->count; row++) {
        const int64_t at_g = b->options.reduction == XENT_REDUCTION_NONE ? row : 0;
        const double g = rows_has(b, ROLE_GRAD_LOSS) ? argument_number(&b->stage->argument[ROLE_GRAD_LOSS], at_g) : 1;
        const quad factor = (quad)g / divisor * (quad)rows_weight(b, row);
        for (int64_t c = 0; c < b->classes; c++) {
            const quad k = rows_ignores(b, row) ? 0 : coefficient(b, row, c), exact = -k * factor;
            const int64_t at = rows_at(b, row, c);
            const double size = (double)quad_abs(exact), allowed = (6 * 0x1p-53 + off) * size + 2 * a->tiny + half_ulp(a, size);
            if (divisor == 0 && rows_of_indices(b) && !rows_ignores(b, row) && c == rows_target(b, row))
                expect_stored(b, ROLE_OUTPUT, at, (quad)NAN, 0);
            else if (k == 0)
                expect_stored(b, ROLE_OUTPUT, at, 0, 0);
            else if (is_usual_factor(factor, divisor) && quad_abs(k) < (quad)0x1p900 && quad_abs(k) > (quad)0x1p-900)
                expect_rounded(b, ROLE_OUTPUT, at, exact, allowed);
        }
    }
}

void expect_mean_divisor(const struct rows *b)
{
    struct rows mean = *b;
    double off;
    mean.options.reduction = XENT_REDUCTION_MEAN;
    mean.options.normalizer = 0;
    const quad divisor = rows_divisor(&mean, &off);
    if (is_usual_divisor(divisor) || divisor == 0) expect_rounded(b, CALL_DIVISOR, 0, divisor, off * (double)divisor);
}
