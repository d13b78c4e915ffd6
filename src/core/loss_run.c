#include <math.h>

#include "core/element.h"
#include "core/loss.h"

#define BLOCK_ROWS 16 /* their logarithms are taken together */

/* One row between its first pass and its result. */
struct row {
    struct xent_state state;
    bool ignored;
    int64_t target; /* class index; negative for probabilities */
    double target_coef;
    struct xent_coefficients coefficients;
    struct xent_line out;
    char *terms;
};

static struct xent_line line_of(const struct xent_tensor *tensor, int32_t axis, ptrdiff_t offset)
{
    return (struct xent_line){ (char *)tensor->data + offset, xent_step_along(tensor, axis), tensor->dtype };
}

static void place_gradient(const struct xent_loss *loss, const struct xent_position *position,
                           const struct xent_row_scratch *scratch, struct row *row)
{
    row->terms = NULL;
    if (loss->grad_logits == NULL) return;
    row->out = line_of(loss->grad_logits, loss->axis, position->offset[XENT_WALK_GRAD]);
    row->terms = scratch->terms != NULL ? scratch->terms : row->out.at;
}

/* Class index y: one coefficient, so its gap needs no pass over the row. z_y is read before the terms may replace it. */
static void reduce_index_row(const struct xent_loss *loss, const struct xent_line *logits, const struct xent_position *position,
                             const struct xent_row_scratch *scratch, struct row *row)
{
    double at_target;
    row->target = xent_load_index(loss->rule.dtype, (const char *)loss->target->data + position->offset[XENT_WALK_TARGET]);
    row->ignored = xent_target_ignored(&loss->rule, row->target);
    if (row->ignored) return;
    row->target_coef = xent_weight_of(loss->options.class_weight, row->target);
    at_target = xent_load_float(logits->dtype, logits->at + (ptrdiff_t)row->target * logits->step);
    if (loss->source == XENT_FROM_LOGITS)
        row->state = xent_row_reduce(&loss->shape, logits, NULL, row->terms, scratch);
    else
        row->state.max = 0;
    row->state.coef = row->target_coef;
    row->state.gap = row->target_coef == 0 ? 0 : row->target_coef * (row->state.max - at_target);
}

static void reduce_row(const struct xent_loss *loss, const struct xent_position *position,
                       const struct xent_row_scratch *scratch, struct row *row)
{
    struct xent_line logits = line_of(loss->logits, loss->axis, position->offset[XENT_WALK_LOGITS]);
    place_gradient(loss, position, scratch, row);
    if (loss->rule.indices) {
        reduce_index_row(loss, &logits, position, scratch, row);
        return;
    }
    row->ignored = false;
    row->target = -1;
    row->target_coef = 0;
    row->coefficients.probability = line_of(loss->target, loss->axis, position->offset[XENT_WALK_TARGET]);
    row->coefficients.class_weight = loss->options.class_weight;
    if (loss->source == XENT_FROM_LOGITS)
        row->state = xent_row_reduce(&loss->shape, &logits, &row->coefficients, row->terms, scratch);
    else
        row->state.gap = xent_row_dot(&loss->shape, &logits, &row->coefficients, scratch);
}

/* -sum coef q = gap + coef * log1p(rest): both parts of an index target's loss are >= 0, nothing cancels. Never -0.0. */
static double loss_of(const struct xent_loss *loss, const struct row *row, double log1p_rest)
{
    if (row->ignored) return 0;
    if (loss->source == XENT_FROM_LOG_PROBS) return row->state.gap + 0.0;
    return xent_state_is_finite(&row->state) ? row->state.gap + row->state.coef * log1p_rest + 0.0 : (double)NAN;
}

static void write_gradient(const struct xent_loss *loss, const struct row *row, const struct xent_position *position,
                           const struct xent_row_scratch *scratch)
{
    const struct xent_row_shape *shape = &loss->shape;
    struct xent_row_gradient gradient = { 1, row->state.coef, loss->rule.indices ? NULL : &row->coefficients, row->target,
                                          row->target_coef };
    if (row->ignored || !xent_state_is_finite(&row->state) || loss->divisor == 0) {
        xent_fill(shape->dtype, row->out.at, row->out.step, (size_t)shape->classes, row->ignored ? 0 : (double)NAN);
        return;
    }
    if (loss->grad_loss != NULL)
        gradient.factor = xent_load_float(loss->grad_loss->dtype,
                                          (const char *)loss->grad_loss->data + position->offset[XENT_WALK_GRAD_LOSS]);
    gradient.factor /= loss->divisor;
    xent_row_write(shape, &row->state, &gradient, row->terms, &row->out, scratch);
}

struct job {
    const struct xent_loss *loss;
    struct xent_sum *sums; /* one per task */
};

static void deliver(const struct xent_loss *loss, const struct xent_position *position, struct xent_sum *sum, double value)
{
    if (loss->loss == NULL) return;
    if (loss->options.reduction == XENT_REDUCTION_NONE)
        xent_store_float(loss->loss->dtype, (char *)loss->loss->data + position->offset[XENT_WALK_LOSS], value);
    else
        xent_sum_row(sum, value);
}

static void run_rows(void *context, int64_t task, int64_t from, int64_t to)
{
    const struct job *job = context;
    const struct xent_loss *loss = job->loss;
    struct xent_row_scratch scratch = xent_scratch_of(&loss->scratch, task);
    /* a row's terms and chunks are used up before the next row overwrites them */
    int64_t block = loss->grad_logits != NULL ? 1 : BLOCK_ROWS;
    struct xent_position position, first;
    xent_sum_begin(&job->sums[task], from);
    if (from < to) xent_walk_seek(&loss->walk, from, &position);
    for (; from < to; from += block) {
        struct row row[BLOCK_ROWS];
        double rest[BLOCK_ROWS], log1p_rest[BLOCK_ROWS];
        size_t count = to - from < block ? (size_t)(to - from) : (size_t)block;
        first = position;
        for (size_t i = 0; i < count; i++, xent_walk_next(&loss->walk, &position)) {
            reduce_row(loss, &position, &scratch, &row[i]);
            rest[i] = row[i].ignored || loss->source == XENT_FROM_LOG_PROBS ? 0 : row[i].state.rest;
        }
        if (loss->source == XENT_FROM_LOGITS) loss->shape.kernels->log1p(rest, log1p_rest, count);
        for (size_t i = 0; i < count; i++, xent_walk_next(&loss->walk, &first)) {
            deliver(loss, &first, &job->sums[task], loss_of(loss, &row[i], log1p_rest[i]));
            if (loss->grad_logits != NULL) write_gradient(loss, &row[i], &first, &scratch);
        }
    }
}

void xent_loss_run(struct xent_loss *loss)
{
    struct xent_sum total;
    struct job job = { loss, loss->parallel.tasks > 1 ? loss->scratch.sums : &total };
    xent_parallel_run(&loss->parallel, loss->walk.count, run_rows, &job);
    if (loss->loss != NULL && loss->options.reduction != XENT_REDUCTION_NONE) {
        if (loss->parallel.tasks > 1) {
            xent_sum_begin(&total, 0);
            for (int64_t task = 0; task < loss->parallel.tasks; task++) xent_sum_join(&total, &loss->scratch.sums[task]);
        }
        xent_store_float(loss->loss->dtype, loss->loss->data, xent_sum_total(&total) / loss->divisor);
    }
    xent_scratch_free(&loss->scratch);
}
