#include "ops/loss_row.h"

#include <math.h>

#include "rows/chunk.h"
#include "args/element.h"

static const struct xent_state nothing = { 0, 0, 0, 0, 0 };

static void place(const struct xent_loss *loss, const struct xent_position *position, const struct xent_row_scratch *scratch,
                  struct xent_loss_row *row)
{
    row->logits = xent_line_of(loss->logits, loss->axis, position->offset[XENT_WALK_LOGITS]);
    row->terms = NULL;
    if (loss->grad_logits == NULL) return;
    row->out = xent_line_of(loss->grad_logits, loss->axis, position->offset[XENT_WALK_GRAD]);
    row->terms = scratch->terms != NULL ? scratch->terms : row->out.at;
}

static void place_coefficients(const struct xent_loss *loss, const struct xent_position *position, struct xent_loss_row *row)
{
    double smoothing = loss->options.label_smoothing;
    if (!xent_loss_is_dense(loss)) return;
    row->coefficients = (struct xent_coefficients){ .class_weight = loss->options.class_weight,
                                                    .hot = 1 - smoothing,
                                                    .uniform = smoothing / (double)loss->shape.classes };
    if (!loss->rule.indices)
        row->coefficients.probability = xent_line_of(loss->target, loss->axis, position->offset[XENT_WALK_TARGET]);
}

static void read_target(const struct xent_loss *loss, const char *target, struct xent_loss_row *row)
{
    row->ignored = false;
    row->target = -1;
    row->target_coef = 0;
    if (!loss->rule.indices) return;
    row->target = xent_load_index(loss->rule.dtype, target);
    row->ignored = xent_target_ignored(&loss->rule, row->target);
    if (row->ignored) return;
    row->target_coef = 1 - loss->options.label_smoothing;
    if (loss->options.class_weight != NULL) row->target_coef *= xent_weight_of(loss->options.class_weight, row->target);
}

/* z_y is read here, before the terms may replace it. */
void xent_loss_row_begin(const struct xent_loss *loss, const struct xent_position *position,
                         const struct xent_row_scratch *scratch, struct xent_loss_row *row)
{
    place(loss, position, scratch, row);
    place_coefficients(loss, position, row);
    read_target(loss, (const char *)loss->target->data + position->offset[XENT_WALK_TARGET], row);
    if (row->target >= 0 && !row->ignored) row->at_target = xent_row_logit(&loss->shape, &row->logits, row->target);
}

static const struct xent_coefficients *coefficients_of(const struct xent_loss *loss, const struct xent_loss_row *row)
{
    return xent_loss_is_dense(loss) ? &row->coefficients : NULL;
}

/* Log-probabilities need a first pass only where a loss sums them up. */
static bool has_first_pass(const struct xent_loss *loss, const struct xent_loss_row *row)
{
    if (row->ignored) return false;
    return loss->source == XENT_FROM_LOGITS || (xent_loss_is_dense(loss) && loss->loss != NULL);
}

void xent_loss_row_reduce(const struct xent_loss *loss, const struct xent_row_scratch *scratch, struct xent_loss_row *row)
{
    const struct xent_coefficients *coefficients = coefficients_of(loss, row);
    if (!has_first_pass(loss, row))
        row->state = nothing;
    else if (loss->source == XENT_FROM_LOGITS)
        row->state = xent_row_reduce(&loss->shape, &row->logits, coefficients, row->terms, scratch);
    else
        row->state = xent_row_dot(&loss->shape, &row->logits, coefficients, scratch);
}

void xent_loss_row_reduce_span(const struct xent_loss *loss, const struct xent_loss_row *row,
                               const struct xent_row_scratch *scratch, struct xent_span span)
{
    const struct xent_coefficients *coefficients = coefficients_of(loss, row);
    if (!has_first_pass(loss, row)) return;
    if (loss->source == XENT_FROM_LOGITS)
        xent_row_reduce_span(&loss->shape, &row->logits, coefficients, row->terms, scratch, span);
    else
        xent_row_dot_span(&loss->shape, &row->logits, coefficients, scratch, span);
}

void xent_loss_row_merge(const struct xent_loss *loss, const struct xent_row_scratch *scratch, struct xent_loss_row *row)
{
    row->state = has_first_pass(loss, row) ? xent_row_merge(&loss->shape, scratch->chunks) : nothing;
}

/* Never -0.0. -sum coef q = gap + coef * log1p(rest): both parts of an index target's loss are >= 0, nothing cancels. */
static double value_of(const struct xent_loss *loss, const struct xent_loss_row *row, double log1p_rest)
{
    double value, lse = row->state.max + log1p_rest;
    if (row->ignored) return 0;
    if (loss->source == XENT_FROM_LOG_PROBS) return row->state.gap + 0.0;
    if (!xent_state_is_finite(&row->state)) return (double)NAN;
    value = row->state.gap + row->state.coef * log1p_rest;
    if (loss->options.z_loss != 0) value += loss->options.z_loss * lse * lse;
    return value + 0.0;
}

void xent_loss_row_deliver(const struct xent_loss *loss, const struct xent_loss_row *row, double log1p_rest, char *place,
                           struct xent_sum *sum)
{
    double value = value_of(loss, row, log1p_rest);
    if (loss->options.reduction == XENT_REDUCTION_NONE)
        xent_store_float(loss->loss->dtype, place, value);
    else
        xent_sum_row(sum, value);
}

double xent_loss_row_factor(const struct xent_loss *loss, const struct xent_position *position)
{
    double upstream = 1;
    if (loss->grad_loss != NULL)
        upstream = xent_load_float(loss->grad_loss->dtype,
                                   (const char *)loss->grad_loss->data + position->offset[XENT_WALK_GRAD_LOSS]);
    return upstream * loss->shape.scale / loss->divisor;
}

/* A coefficient of 0 has an entry of +0.0, but at the target of a batch whose weights are all 0: 0/0. */
static void write_nll_entry(const struct xent_loss *loss, const struct xent_loss_row *row, double factor, double coef,
                            int64_t class_index)
{
    double entry = coef == 0 && loss->divisor != 0 ? 0 : -(factor * coef);
    xent_row_store(&loss->shape, entry, xent_class_at(&row->out, class_index));
}

static void write_nll_gradient(const struct xent_loss *loss, const struct xent_loss_row *row, double factor,
                               const struct xent_row_scratch *scratch, struct xent_span span)
{
    if (loss->rule.indices) {
        bool here = !row->ignored && row->target / XENT_CHUNK >= span.from && row->target / XENT_CHUNK < span.to;
        xent_row_fill(&loss->shape, &row->out, 0, span);
        if (here) write_nll_entry(loss, row, factor, row->target_coef, row->target);
        return;
    }
    for (int64_t from = span.from * XENT_CHUNK; from < span.to * XENT_CHUNK; from += XENT_CHUNK) {
        size_t n = xent_chunk_size(&loss->shape, from);
        struct xent_chunk_coef coef = xent_chunk_coefficients(&loss->shape, &row->coefficients, from, n, scratch->coef);
        for (size_t i = 0; i < n; i++) write_nll_entry(loss, row, factor, coef.at[i * coef.step], from + (int64_t)i);
    }
}

/* Whether the row's gradient has entries of its own; else all are 0, of an ignored row, or NaN. */
static bool has_entries(const struct xent_loss *loss, const struct xent_loss_row *row)
{
    return !row->ignored && xent_state_is_finite(&row->state) && loss->divisor != 0;
}

static struct xent_row_gradient gradient_of(const struct xent_loss *loss, const struct xent_loss_row *row,
                                            const struct xent_position *position, double log1p_rest)
{
    double pull = loss->options.z_loss * (row->state.max + log1p_rest) * 2;
    return (struct xent_row_gradient){ xent_loss_row_factor(loss, position),
                                       row->state.coef,
                                       pull,
                                       xent_loss_is_dense(loss) ? &row->coefficients : NULL,
                                       row->target,
                                       row->target_coef };
}

void xent_loss_row_write_span(const struct xent_loss *loss, const struct xent_loss_row *row,
                              const struct xent_position *position, double log1p_rest, const struct xent_row_scratch *scratch,
                              struct xent_span span)
{
    struct xent_row_gradient gradient;
    if (loss->source == XENT_FROM_LOG_PROBS) {
        write_nll_gradient(loss, row, xent_loss_row_factor(loss, position), scratch, span);
        return;
    }
    if (!has_entries(loss, row)) {
        xent_row_fill(&loss->shape, &row->out, row->ignored ? 0 : (double)NAN, span);
        return;
    }
    gradient = gradient_of(loss, row, position, log1p_rest);
    xent_row_write(&loss->shape, &row->state, &gradient, &row->logits, row->terms, &row->out, scratch, span);
}

void xent_loss_row_write_gradient(const struct xent_loss *loss, const struct xent_loss_row *row,
                                  const struct xent_position *position, double log1p_rest,
                                  const struct xent_row_scratch *scratch)
{
    xent_loss_row_write_span(loss, row, position, log1p_rest, scratch, xent_row_all(&loss->shape));
}
