/* kl_div and its gradient. With a softcap the bounds are those of other logits; what is left is that a divergence is never negative. */
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

/* Each summand as q - p + p u, none of which is negative. */
static quad divergence_of(const struct pair *x)
{
    const struct reference *p = &x->p.prob, *q = &x->q.prob;
    quad sum = 0;
    for (int64_t c = 0; c < p->classes; c++) {
        const quad of_p = reference_probability(p, c);
        const quad u = reference_log_probability(p, c) - reference_log_probability(q, c);
        if (of_p == 0)
            sum += reference_probability(q, c);
        else if (u == (quad)INFINITY)
            return u;
        else
            sum += of_p * (quad_exp(-u) - 1 + u);
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
        kl.exact = exact * (quad)r;
        kl.allowed = exact == (quad)INFINITY ? 0 : r * (share * (double)exact + floor) + 0x1p-52 * (double)kl.exact + 0x1p-1074;
        if (!is_clear(b, &x) || (b->options.softcap != 0 && exact != (quad)INFINITY)) kl = (struct row_loss){ 0, NAN };
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
    const quad p = reference_probability(&x->p.prob, c), q = reference_probability(&x->q.prob, c), scale = x->q.slope[c];
    const quad entry = factor * scale * (q - p), size = quad_abs(factor * scale);
    const double units = wide ? 16 * 0x1p-53 : 8 * 0x1p-24, lost = wide ? 0x1p-1010 : 0x1p-189;
    const double allowed = (units + off + 0x1p-51) * (double)(size * (p + q)) + lost * (double)size + a->tiny;
    const double end = precision_of(b->stage->argument[ROLE_OUTPUT].dtype)->largest * 0.99;
    if (fabs((double)entry) + allowed >= end)
        expect_stored(b, ROLE_OUTPUT, rows_at(b, row, c), entry, (double)INFINITY);
    else
        expect_rounded(b, ROLE_OUTPUT, rows_at(b, row, c), entry, allowed);
}

void expect_kl_div_grad(const struct rows *b)
{
    if (rows_has(b, ROLE_LOSS)) expect_kl_div(b);
    for (int64_t row = 0; row < b->count; row++) {
        double off;
        const quad factor = rows_factor(b, row, &off);
        const bool ignored = rows_ignores(b, row);
        const bool usual = quad_abs(factor) < (quad)0x1p900 && quad_abs(factor) > (quad)0x1p-900;
        struct pair x = pair_of(b, row);
        for (int64_t c = 0; c < b->classes; c++) {
            if (ignored)
                expect_stored(b, ROLE_OUTPUT, rows_at(b, row, c), 0, 0);
            else if (x.none || factor != factor)
                expect_stored(b, ROLE_OUTPUT, rows_at(b, row, c), (quad)NAN, 0);
            else if (usual && b->options.softcap == 0)
                expect_entry(b, &x, row, c, factor, off);
        }
        pair_free(&x);
    }
}
