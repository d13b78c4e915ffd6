/* Statistics of rows. With a softcap the order of classes is that of v as the library rounds it, of which the bounds are known. */
#include <math.h>
#include <stdlib.h>

#include "expect_row.h"
#include "flaw.h"

static const int floating[] = { ROLE_ROW_LOSS, ROLE_LSE, ROLE_MAX, ROLE_ENTROPY }, integer[] = { ROLE_ARGMAX, ROLE_RANK };
enum { FLOATING = sizeof floating / sizeof floating[0], INTEGER = sizeof integer / sizeof integer[0] };

static void expect_integer(const struct rows *b, int at, int64_t row, int64_t exact)
{
    const int64_t got = rows_has(b, at) ? answer_integer(b->stage, at, row) : exact;
    if (got != exact)
        flaw("output %d is %lld in row %lld, expected %lld", at, (long long)got, (long long)row, (long long)exact);
}

static void expect_number(const struct rows *b, int at, int64_t row, quad exact, double allowed)
{
    if (rows_has(b, at)) expect_rounded(b, at, row, exact, allowed);
}

static int64_t first_maximum(const double *v, int64_t classes)
{
    int64_t first = 0;
    for (int64_t c = 0; c < classes; c++)
        if (!isnan(v[first]) && (v[c] > v[first] || isnan(v[c]))) first = c;
    return first;
}

static int64_t rank_of(const double *v, int64_t classes, int64_t y)
{
    int64_t rank = 0;
    for (int64_t c = 0; c < classes; c++) {
        if (isnan(v[c])) return -1;
        rank += v[c] > v[y] || (v[c] == v[y] && c < y);
    }
    return rank;
}

static quad entropy_of(const struct reference *r)
{
    quad heat = 0;
    for (int64_t c = 0; c < r->classes; c++)
        if (c != r->first && r->term[c] != 0) heat += r->term[c] * (r->max - r->z[c]);
    return r->log1p_rest + heat * r->inverse;
}

/* How far logits that are off by a little move the entropy: each by its derivative somewhere between, -p (ln p + entropy), where ln p has
   moved by at most 2 (1 - p) of what the logits have. */
static double entropy_moved(const struct rows *b, const struct exact_row *x, double entropy)
{
    const double more = 1 + x->growth;
    double spread = 0, sum = 0;
    for (int64_t c = 0; c < b->classes; c++)
        spread -= (double)(reference_probability(&x->prob, c) * reference_probability_less_one(&x->prob, c));
    for (int64_t c = 0; c < b->classes; c++) {
        const double p = (double)reference_probability(&x->prob, c), log_p = (double)reference_log_probability(&x->prob, c);
        const double others = -(double)reference_probability_less_one(&x->prob, c);
        const double turn = 2 * x->off * more * (others + more * spread) + x->growth * entropy;
        if (p != 0) sum += p * more * (fabs(log_p + entropy) + turn) * exact_row_off(b, x, c);
    }
    return sum;
}

static void expect_entropy(const struct rows *b, const struct exact_row *x, int64_t row)
{
    const bool wide = b->dtype == XENT_F64;
    const double entropy = (double)entropy_of(&x->prob), classes = (double)b->classes;
    const double off = b->options.softcap == 0 ? 0 : entropy_moved(b, x, entropy);
    double units = wide ? 16 : 4;
    for (int64_t most = 4096; wide && most < b->classes; most *= 2) units += 5;
    expect_number(b, ROLE_ENTROPY, row, entropy_of(&x->prob),
                  units * (wide ? 0x1p-53 : 0x1p-24) * (entropy + off) + classes * (wide ? 0x1p-1063 : 0x1p-182) + off);
}

/* The first maximum and the rank of the target, as far as the bounds of v tell them: where classes are apart by more. */
static void expect_order(const struct rows *b, const struct exact_row *x, int64_t row)
{
    const int64_t best = rows_has(b, ROLE_ARGMAX) ? answer_integer(b->stage, ROLE_ARGMAX, row) : 0;
    const int64_t y = rows_has(b, ROLE_RANK) ? rows_target(b, row) : 0;
    const double of_y = (double)x->capped[y], off_y = exact_row_off(b, x, y);
    int64_t before = 0, behind = 0;
    if (best < 0 || best >= b->classes) flaw("the largest of row %lld is class %lld", (long long)row, (long long)best);
    for (int64_t c = 0; c < b->classes; c++) {
        const double v = (double)x->capped[c], off = exact_row_off(b, x, c);
        if (rows_has(b, ROLE_ARGMAX) && v - off > (double)x->capped[best] + exact_row_off(b, x, best))
            flaw("the largest of row %lld is class %lld, and class %lld is larger", (long long)row, (long long)best,
                 (long long)c);
        before += v - off > of_y + off_y;
        behind += v + off < of_y - off_y;
    }
    const int64_t rank = rows_has(b, ROLE_RANK) ? answer_integer(b->stage, ROLE_RANK, row) : before;
    if (rank < before || rank >= b->classes - behind)
        flaw("the rank of row %lld is %lld, expected %lld to %lld", (long long)row, (long long)rank, (long long)before,
             (long long)(b->classes - behind - 1));
}

static void expect_row(const struct rows *b, const struct exact_row *x, int64_t row)
{
    const int64_t first = first_maximum(x->scaled, b->classes);
    const double top = x->scaled[first];
    const bool wide = b->dtype == XENT_F64, capped = b->options.softcap != 0;
    if (!capped || x->none) expect_integer(b, ROLE_ARGMAX, row, first);
    if (rows_has(b, ROLE_RANK) && !capped)
        expect_integer(b, ROLE_RANK, row, rank_of(x->scaled, b->classes, rows_target(b, row)));
    if (capped && !x->none) expect_order(b, x, row);
    if (x->none) {
        expect_number(b, ROLE_MAX, row, (quad)top, 0);
        expect_number(b, ROLE_LSE, row, (quad)top, 0);
        expect_number(b, ROLE_ENTROPY, row, (quad)NAN, 0);
        return;
    }
    const quad lse = x->prob.max + x->prob.log1p_rest;
    expect_number(b, ROLE_MAX, row, x->prob.max, exact_row_off(b, x, x->prob.first));
    expect_number(b, ROLE_LSE, row, lse,
                  (wide ? 0x1p-51 : 0x1.6a09e6p-25) * (double)x->prob.log1p_rest + 0x1p-52 * fabs((double)lse) + x->off +
                      (wide ? 0x1p-1063 : 0x1p-190) * (double)(1 + b->classes));
    expect_entropy(b, x, row);
}

static void expect_ignored(const struct rows *b, int64_t row)
{
    for (int k = 0; k < FLOATING; k++) expect_number(b, floating[k], row, 0, 0);
    for (int k = 0; k < INTEGER; k++) expect_integer(b, integer[k], row, -1);
}

void expect_row_stats(const struct rows *b)
{
    double *weights = rows_weights(b);
    for (int64_t row = 0; row < b->count; row++) {
        if (rows_ignores(b, row)) {
            expect_ignored(b, row);
            continue;
        }
        struct exact_row x = exact_row_of(b, ROLE_INPUT, row);
        if (rows_has(b, ROLE_ROW_LOSS)) {
            const struct row_loss loss = expect_row_loss(b, &x, row, weights);
            expect_rounded(b, ROLE_ROW_LOSS, row, loss.exact, loss.allowed);
        }
        expect_row(b, &x, row);
        exact_row_free(&x);
    }
    free(weights);
}
