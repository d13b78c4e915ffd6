#include "case_bounds.h"

#include <math.h>

#include "support/half.h"

/* ---- Precisions -------------------------------------------------------------------------------------------------------- */

/* Half of the distance from 1 to the next number of the precision that a case is computed in. */
static double unit(const struct golden_case *g) { return golden_narrow(g) ? 0x1p-24 : 0x1p-53; }

static double smallest(const struct golden_case *g) { return golden_narrow(g) ? 0x1p-149 : 0x1p-1074; }

/* The distance of neighbours where x lies. */
static double ulp(xent_dtype dtype, double x)
{
    const struct {
        xent_dtype dtype;
        int bits, lowest; /* significant bits; the exponent of the smallest positive number */
    } formats[] = { { XENT_F32, 24, -149 }, { XENT_F64, 53, -1074 }, { XENT_F16, 11, -24 }, { XENT_BF16, 8, -133 } };
    int exponent = 0, k = 0;
    while (formats[k].dtype != dtype) k++;
    frexp(x, &exponent);
    return ldexp(1, x == 0 || exponent - formats[k].bits < formats[k].lowest ? formats[k].lowest : exponent - formats[k].bits);
}

static double rounded_to(xent_dtype dtype, double x)
{
    if (dtype == XENT_F64) return x;
    return dtype == XENT_F32 ? (double)(float)x : half_decode(dtype, half_encode(dtype, x));
}

bool golden_allowed(xent_dtype stored, double got, double want, double bound, bool rounded)
{
    if (!isfinite(want) || !(bound >= 0)) return got == want;
    if (!rounded) return fabs(got - want) <= bound;
    return got >= rounded_to(stored, want - bound) && got <= rounded_to(stored, want + bound);
}

/* How far a logsumexp may be off for each unit of its part above the maximum: 2^-24.5, or 2^-51. */
static double lse_error(const struct golden_case *g) { return golden_narrow(g) ? 0x1.6a09e6p-25 : 0x1p-51; }

/* ---- Softmax and its kin ----------------------------------------------------------------------------------------------- */

/* A probability or an unsmoothed gradient entry of class i: 4 units of F32, or (6 + |z - m| / 24) of F64. */
static double entry_units(const struct golden_case *g, const struct golden_sizes *s, int64_t i)
{
    return golden_narrow(g) ? 4 : 6 + s->below[i] / 24;
}

double golden_bound_output(const struct golden_case *g, const struct golden_sizes *s, xent_dtype stored, int64_t i, double want)
{
    const xent_dtype computed = golden_narrow(g) ? XENT_F32 : XENT_F64;
    const double answer = g->error * fabs(want);
    if (g->operation == OP_SOFTMAX) return entry_units(g, s, i) * unit(g) * want + smallest(g) + answer;
    if (g->operation == OP_LOGSUMEXP) return ulp(stored, want) + lse_error(g) * s->log1p[i] + answer;
    return (golden_narrow(g) ? 2 : 4) * ulp(computed, want) + answer;
}

/* ---- Losses ------------------------------------------------------------------------------------------------------------ */

/* The error of each term of a row's loss, relative; "4 ulp" of F64 are at most 8 units. */
static double term_error(const struct golden_case *g) { return golden_narrow(g) ? 1.2 * 0x1p-25 : 8 * 0x1p-53; }

/* Terms of an nll_loss are products of two or three doubles, added in double: a rounding for each operation. */
static double nll_row_bound(const struct golden_case *g, const struct golden_sizes *s, int64_t row)
{
    double terms = 0;
    for (int64_t c = 0; c < s->classes; c++) {
        const int64_t i = golden_element(g, row, c);
        if (s->coefficient[i] != 0) terms += s->coefficient[i] * fabs(g->input.value[i]);
    }
    return (double)(s->classes + 3) * 0x1p-53 * terms;
}

static double row_bound(const struct golden_case *g, const struct golden_sizes *s, int64_t row)
{
    const double z_loss = g->options.z_loss, lse = s->lse[row];
    const double off = lse_error(g) * s->log1p[row] + s->lse_moved[row];
    double terms = z_loss * lse * lse, moved = 0;
    if (golden_ignored(g, row)) return 0;
    for (int64_t c = 0; c < s->classes; c++) {
        const int64_t i = golden_element(g, row, c);
        if (s->coefficient[i] == 0) continue;
        terms += s->coefficient[i] * (s->below[i] + s->log1p[row]);
        moved += s->coefficient[i] * s->moved[i];
    }
    /* a class more than 190 octaves below the maximum (F64: 1086), and what is subnormal in F64, need not be there */
    const double far = golden_narrow(g) ? (double)s->classes * 0x1p-190 : (1 + (double)s->classes * 0x1p-11) * 0x1p-1074;
    const double lost = s->coefficients[row] * far + 4 * 0x1p-1074;
    return (term_error(g) + (g->row_weights.value != NULL ? 0x1p-53 : 0)) * terms + moved +
           z_loss * (2 * fabs(lse) + off) * off + lost;
}

double golden_bound_loss(const struct golden_case *g, const struct golden_sizes *s, int64_t i, double want)
{
    double bound = 0;
    for (int64_t row = 0; row < s->rows; row++) {
        if (g->options.reduction == XENT_REDUCTION_NONE && row != i) continue;
        bound += golden_row_weight(g, row) * (g->operation == OP_NLL_LOSS ? nll_row_bound(g, s, row) : row_bound(g, s, row));
    }
    /* the sum of the rows, the divisor and the quotient are rounded once each, and a divisor's products of weights */
    return bound / s->divisor + ((g->row_weights.value != NULL ? 4 : 3) * 0x1p-53 + g->error) * fabs(want);
}

/* Products of two weights are rounded too. */
double golden_bound_divisor(const struct golden_case *g, double want)
{
    return ((g->row_weights.value != NULL ? 2 : 1) * 0x1p-53 + g->error) * want;
}

/* ---- Gradients --------------------------------------------------------------------------------------------------------- */

static double upstream_of(const struct golden_case *g, int64_t row)
{
    if (g->grad_losses.value == NULL) return golden_row_weight(g, row);
    return golden_row_weight(g, row) * g->grad_losses.value[g->options.reduction == XENT_REDUCTION_NONE ? row : 0];
}

/* p (g - sum p g), or g - exp(logp) sum g: as for an entry with coefficients, 8 units of what is subtracted. */
static double backward_bound(const struct golden_case *g, const struct golden_sizes *s, int64_t row, int64_t c)
{
    const bool softmax = g->operation == OP_SOFTMAX_BACKWARD;
    const int64_t at = golden_element(g, row, c);
    const double own = fabs(g->upstream.value[at]), p = softmax ? g->input.value[at] : exp(g->input.value[at]);
    double sum = 0;
    for (int64_t k = 0; k < s->classes; k++) {
        const int64_t i = golden_element(g, row, k);
        sum += fabs(g->upstream.value[i]) * (softmax ? g->input.value[i] : 1);
    }
    return 8 * unit(g) * (softmax ? p * (own + sum) : own + p * sum);
}

/* Of an unsmoothed index the entry keeps its relative accuracy; else S p, coef and the z-loss's part may cancel. */
static double entry_bound(const struct golden_case *g, const struct golden_sizes *s, int64_t row, int64_t c, double want)
{
    const xent_options *o = &g->options;
    const int64_t i = golden_element(g, row, c);
    const double scale = golden_narrow(g) ? (double)(float)o->logit_scale : o->logit_scale;
    const double factor = fabs(scale * upstream_of(g, row) / s->divisor), p = s->probability[i];
    const double total = s->coefficients[row] + 2 * o->z_loss * (fabs(s->lse[row]) + s->log1p[row]);
    const double subtracted = total * p + s->coefficient[i];
    const bool plain = g->classes.value != NULL && o->label_smoothing == 0 && o->z_loss == 0 && g->weights.value == NULL &&
                       g->row_weights.value == NULL && g->grad_losses.value == NULL;
    double bound = plain ? entry_units(g, s, i) * unit(g) * fabs(want) : 8 * unit(g) * factor * s->slope[i] * subtracted;
    if (o->softcap == 0) return bound;
    const double p_moved = fmin(p, s->others[i]) * s->p_moved[row];
    bound += factor * s->slope[i] * (total * p_moved + 2 * o->z_loss * s->lse_moved[row] * p * (1 + s->p_moved[row]));
    bound *= 1 + (golden_narrow(g) ? 0x1p-21 : 0x1p-49);
    return bound + (golden_narrow(g) ? 0x1p-21 : 0x1p-49) * fabs(want) + 0x1p-126 * factor * subtracted;
}

double golden_bound_gradient(const struct golden_case *g, const struct golden_sizes *s, int64_t row, int64_t c, double want)
{
    const double answer = smallest(g) + g->error * fabs(want);
    if (g->operation == OP_NLL_LOSS_BACKWARD) return 4 * unit(g) * fabs(want) + answer;
    if (g->operation == OP_CROSS_ENTROPY_GRAD) return entry_bound(g, s, row, c, want) + answer;
    return backward_bound(g, s, row, c) + answer;
}
