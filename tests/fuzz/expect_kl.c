/* kl_div and its gradient. With a softcap they are those of other logits, as near as xent_cross_entropy says. */
#include <math.h>
#include <stdlib.h>

#include "expect_row.h"
#include "flaw.h"
#include "support/problem_operand.h"

struct pair {
    struct exact_row p, q;
    bool none;
};

static struct pair pair_of(const struct rows *b, int64_t row)
{
    struct pair x = { exact_row_of(b, ROLE_INPUT, row), exact_row_of(b, ROLE_UPSTREAM, row), false };
    x.none = x.p.none || x.q.none;
    return x;
}

static void pair_free(struct pair *x)
{
    exact_row_free(&x->p);
    exact_row_free(&x->q);
}

/* Each summand is q - p + p u, none of which is negative; where it would cancel, in a form that does not. */
static quad divergence_of(const struct pair *x)
{
    const struct reference *p = &x->p.prob, *q = &x->q.prob;
    quad sum = 0;
    for (int64_t c = 0; c < p->classes; c++) {
        const quad of_p = reference_probability(p, c), of_q = reference_probability(q, c);
        const quad u = reference_log_probability(p, c) - reference_log_probability(q, c);
        if (of_p == 0)
            sum += of_q;
        else if (u == (quad)INFINITY)
            return u;
        else
            sum += quad_abs(u) < 1 ? of_p * (quad_exp(-u) - 1 + u) : of_q - of_p + of_p * u;
    }
    return sum;
}

/* How far logits that are off by a little move the divergence: each by its derivative somewhere between. */
static double moved(const struct rows *b, const struct pair *x, double kl)
{
    const double growth_p = x->p.growth, growth_q = x->q.growth;
    const double turn = 2 * (x->p.off + x->q.off); /* of a u */
    double size = 0, sum = 0;
    for (int64_t c = 0; c < b->classes; c++) {
        const quad p = reference_probability(&x->p.prob, c);
        const quad u = reference_log_probability(&x->p.prob, c) - reference_log_probability(&x->q.prob, c);
        if (p != 0) size += (double)(p * quad_abs(u));
    }
    for (int64_t c = 0; c < b->classes; c++) {
        const double p = (double)reference_probability(&x->p.prob, c), q = (double)reference_probability(&x->q.prob, c);
        const double u = (double)(reference_log_probability(&x->p.prob, c) - reference_log_probability(&x->q.prob, c));
        sum += (fabs(q - p) + growth_q * q + growth_p * p) * exact_row_off(b, &x->q, c);
        if (p != 0) sum += p * (1 + growth_p) * (fabs(u - kl) + 2 * turn + growth_p * size) * exact_row_off(b, &x->p, c);
    }
    return sum;
}

/* Whether all that q hardly has p hardly has either: what counts as 0 makes no difference. */
static bool is_clear(const struct rows *b, const struct pair *x)
{
    const quad least = (quad)0x1p-100 * (b->dtype == XENT_F64 ? (quad)0x1p-900 : (quad)0x1p-80);
    for (int64_t c = 0; c < b->classes; c++)
        if (x->q.scaled[c] == -(double)INFINITY && x->p.prob.term[c] > 0 && x->p.prob.term[c] < least) return false;
    return true;
}

static struct row_loss divergence(const struct rows *b, int64_t row)
{
    struct pair x = pair_of(b, row);
    struct row_loss kl = { (quad)NAN, 0 };
    const double r = rows_weight(b, row);
    if (!x.none) {
        const quad exact = divergence_of(&x);
        const double share = b->dtype == XENT_F64 ? 0x1p-48 : 0x1p-20, floor = b->dtype == XENT_F64 ? 0x1p-96 : 0x1p-46;
        const double off = exact == (quad)INFINITY || b->options.softcap == 0 ? 0 : moved(b, &x, (double)exact);
        kl.exact = exact * (quad)r;
        kl.allowed = exact == (quad)INFINITY
                         ? 0
                         : r * (share * ((double)exact + off) + floor + off) + 0x1p-52 * (double)kl.exact + 0x1p-1074;
        if (!is_clear(b, &x)) kl = (struct row_loss){ 0, NAN };
    }
    pair_free(&x);
    return kl;
}

void expect_kl_div(const struct rows *b)
{
    struct row_loss *losses = memory_new((size_t)b->count * sizeof *losses);
    for (int64_t row = 0; row < b->count; row++) {
        losses[row] = rows_ignores(b, row) ? (struct row_loss){ 0, 0 } : divergence(b, row);
        if (b->options.reduction == XENT_REDUCTION_NONE && signbit(answer_number(b->stage, ROLE_LOSS, row)) != 0)
            flaw("the divergence of row %lld is negative", (long long)row);
    }
    expect_losses(b, ROLE_LOSS, losses);
}

static void expect_entry(const struct rows *b, const struct pair *x, int64_t row, int64_t c, quad factor, double off)
{
    const struct precision *a = arithmetic_of(b->dtype);
    const bool wide = b->dtype == XENT_F64;
    const struct bound_units *u = bound_units_of(b->dtype);
    const quad p = reference_probability(&x->p.prob, c), q = reference_probability(&x->q.prob, c), slope = x->q.slope[c];
    const double growth_p = x->p.growth, growth_q = x->q.growth;
    const double scale = objective_scale(&(struct objective){ b->dtype, b->classes, &b->options, NULL });
    const double steeper = b->options.softcap == 0 ? 0 : fmax(u->slope * (double)slope, scale * u->slope_floor);
    const quad entry = factor * slope * (q - p), size = quad_abs(factor) * (slope + (quad)steeper);
    const double units = wide ? 16 * 0x1p-53 : 8 * 0x1p-24, lost = wide ? 0x1p-1010 : 0x1p-189;
    const double allowed = (units + off + 0x1p-51) * (double)(size * (p + q)) + lost * (double)size + 2 * a->tiny +
                           (double)size * (growth_p * (double)p + growth_q * (double)q) +
                           (double)quad_abs(factor * (q - p)) * steeper;
    const double end = precision_of(b->stage->argument[ROLE_OUTPUT].dtype)->largest * 0.99;
    if (fabs((double)entry) + allowed >= end)
        expect_stored(b, ROLE_OUTPUT, rows_at(b, row, c), entry, (double)INFINITY);
    else
        expect_rounded(b, ROLE_OUTPUT, rows_at(b, row, c), entry, allowed);
}

void expect_kl_div_grad(const struct rows *b)
{
    if (rows_has(b, ROLE_LOSS)) expect_kl_div(b);
    double off;
    const quad divisor = rows_divisor(b, &off);
    for (int64_t row = 0; row < b->count; row++) {
        const quad factor = rows_factor(b, row, divisor);
        const bool ignored = rows_ignores(b, row);
        struct pair x = pair_of(b, row);
        for (int64_t c = 0; c < b->classes; c++) {
            if (ignored)
                expect_stored(b, ROLE_OUTPUT, rows_at(b, row, c), 0, 0);
            else if (x.none || factor != factor)
                expect_stored(b, ROLE_OUTPUT, rows_at(b, row, c), (quad)NAN, 0);
            else if (is_usual_factor(factor, divisor))
                expect_entry(b, &x, row, c, factor, off);
        }
        pair_free(&x);
    }
}
