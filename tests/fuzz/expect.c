#include "expect.h"

#include <math.h>
#include <stdlib.h>

#include "flaw.h"
#include "support/problem_operand.h"

/* ---- The batch ----------------------------------------------------------------------------------------------------------- */

enum { MOST_LOGITS = 13000 };

bool rows_has(const struct rows *b, int at) { return b->stage->argument[at].given; }

int64_t rows_at(const struct rows *b, int64_t row, int64_t c)
{
    return (row / b->inner * b->classes + c) * b->inner + row % b->inner;
}

double *rows_numbers(const struct rows *b, enum role role, int64_t row)
{
    double *numbers = memory_new((size_t)b->classes * sizeof *numbers);
    for (int64_t c = 0; c < b->classes; c++) numbers[c] = argument_number(&b->stage->argument[role], rows_at(b, row, c));
    return numbers;
}

quad *quads_new(int64_t n) { return memory_new((size_t)n * sizeof(quad)); }

double rows_weight(const struct rows *b, int64_t row)
{
    return rows_has(b, ROLE_ROW_WEIGHT) ? argument_number(&b->stage->argument[ROLE_ROW_WEIGHT], row) : 1;
}

double rows_class_weight(const struct rows *b, int64_t c)
{
    return rows_has(b, ROLE_WEIGHT) ? argument_number(&b->stage->argument[ROLE_WEIGHT], c) : 1;
}

bool rows_of_indices(const struct rows *b) { return call_target(b->call) != NULL && call_target(b->call)->dtype > XENT_BF16; }

int64_t rows_target(const struct rows *b, int64_t row) { return argument_integer(call_target(b->call), row); }

bool rows_ignores(const struct rows *b, int64_t row)
{
    return rows_weight(b, row) == 0 || (rows_of_indices(b) && rows_target(b, row) == b->options.ignore_index);
}

struct rows rows_of(const struct call *c)
{
    static const xent_options defaults = XENT_OPTIONS_INIT;
    const struct argument *table = call_argument(c, ROLE_INPUT) != NULL ? call_argument(c, ROLE_INPUT) : call_target(c);
    const struct argument *second = c->operation->pair ? call_argument(c, ROLE_UPSTREAM) : NULL;
    const bool flat = !c->operation->axis || (c->operation->divisor && table->dtype > XENT_BF16);
    const int32_t axis = flat ? table->ndim : call_axis(c);
    struct rows b = { c, &c->stage, call_argument(c, CALL_OPTIONS) != NULL ? c->options : defaults, table->dtype, 1, 1, 1 };
    for (int32_t d = 0; d < table->ndim; d++) {
        if (d > axis) b.inner *= table->shape[d];
        if (d != axis) b.count *= table->shape[d];
    }
    if (!flat) b.classes = table->shape[axis];
    if (second != NULL && second->dtype == XENT_F64) b.dtype = XENT_F64;
    return b;
}

bool has_no_probabilities(const double *z, int64_t classes)
{
    bool masked = true;
    for (int64_t c = 0; c < classes; c++) {
        if (isnan(z[c]) || z[c] == (double)INFINITY) return true;
        masked &= z[c] == -(double)INFINITY;
    }
    return masked;
}

/* ---- Comparison ---------------------------------------------------------------------------------------------------------- */

static bool is_infinite(quad x) { return x == (quad)INFINITY || x == -(quad)INFINITY; }

void expect_stored(const struct rows *b, int at, int64_t i, quad exact, double allowed)
{
    const double got = answer_number(b->stage, at, i);
    bool good = quad_abs((quad)got - exact) <= (quad)allowed || isnan(allowed);
    if (exact != exact)
        good = isnan(got);
    else if (is_infinite(exact))
        good = (quad)got == exact;
    if (!good) flaw("output %d is %.17g at %lld, expected %.17g within %.3g", at, got, (long long)i, (double)exact, allowed);
}

void expect_rounded(const struct rows *b, int at, int64_t i, quad exact, double allowed)
{
    const struct precision *storage = precision_of(b->stage->argument[at].dtype);
    expect_stored(b, at, i, exact, allowed + half_ulp(storage, fabs((double)exact) + allowed));
}

/* ---- Sums over rows ------------------------------------------------------------------------------------------------------ */

quad rows_divisor(const struct rows *b, double *off)
{
    quad sum = 0;
    *off = 0;
    if (b->options.reduction != XENT_REDUCTION_MEAN) return 1;
    if (b->options.normalizer != 0) return (quad)b->options.normalizer;
    *off = 0x1p-50;
    for (int64_t row = 0; row < b->count; row++) {
        if (rows_ignores(b, row)) continue;
        const double weight = rows_of_indices(b) ? rows_class_weight(b, rows_target(b, row)) : 1;
        sum += (quad)rows_weight(b, row) * (quad)weight;
    }
    return sum;
}

bool is_usual_divisor(quad divisor) { return divisor < (quad)0x1p1000 && divisor > (quad)0x1p-1000; }

bool is_usual_factor(quad factor, quad divisor)
{
    return is_usual_divisor(divisor) && quad_abs(factor) < (quad)0x1p900 && quad_abs(factor) > (quad)0x1p-900;
}

void expect_losses(const struct rows *b, int at, struct row_loss *losses)
{
    double off, allowed = 0;
    quad sum = 0, size = 0;
    for (int64_t row = 0; row < b->count; row++) {
        if (b->options.reduction == XENT_REDUCTION_NONE) expect_rounded(b, at, row, losses[row].exact, losses[row].allowed);
        sum += losses[row].exact;
        size += is_infinite(losses[row].exact) ? 0 : quad_abs(losses[row].exact);
        allowed += losses[row].allowed;
    }
    free(losses);
    if (b->options.reduction == XENT_REDUCTION_NONE || isnan(allowed)) return;
    const quad divisor = rows_divisor(b, &off);
    if (size < (quad)0x1p-960 && size > 0) return; /* what is subnormal on the way has its own roundings */
    if (size > (quad)0x1p1000) return;             /* doubles may make infinities of these, and NaN of two */
    if (divisor == 0) {                            /* a z-loss has no weight */
        expect_rounded(b, at, 0, sum == 0 ? (quad)NAN : sum * (quad)INFINITY, 0);
        return;
    }
    if (!is_usual_divisor(divisor)) return;
    const double more = 0x1p-52 * (double)quad_abs(sum) + 0x1p-90 * (double)size;
    const double share = fabs((double)(sum / divisor));
    expect_rounded(b, at, 0, sum / divisor,
                   (allowed + more) / (double)divisor + (is_infinite(sum) ? 0 : share * (off + 0x1p-52)));
}

/* ---- By operation -------------------------------------------------------------------------------------------------------- */

static expectation *const expectations[OPS] = {
    [OP_SOFTMAX] = expect_softmax,
    [OP_LOG_SOFTMAX] = expect_log_softmax,
    [OP_LOGSUMEXP] = expect_logsumexp,
    [OP_LOG] = expect_log,
    [OP_NLL_LOSS] = expect_nll_loss,
    [OP_CROSS_ENTROPY] = expect_cross_entropy,
    [OP_CROSS_ENTROPY_GRAD] = expect_cross_entropy_grad,
    [OP_MEAN_DIVISOR] = expect_mean_divisor,
    [OP_SOFTMAX_BACKWARD] = expect_softmax_backward,
    [OP_LOG_SOFTMAX_BACKWARD] = expect_log_softmax_backward,
    [OP_NLL_LOSS_BACKWARD] = expect_nll_loss_backward,
    [OP_TOP_K] = expect_top_k,
    [OP_KL_DIV] = expect_kl_div,
    [OP_KL_DIV_GRAD] = expect_kl_div_grad,
    [OP_ROW_STATS] = expect_row_stats,
};

void expect_values(const struct call *c)
{
    const struct rows b = rows_of(c);
    if (b.count * b.classes <= MOST_LOGITS) expectations[c->problem.op](&b);
}
