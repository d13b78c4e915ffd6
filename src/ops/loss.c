/* Cross entropy from logits: the steps of a row, and those that NLL has too. */
#include "ops/loss.h"

#include <math.h>

#include "kernels/formulas.h"
#include "ops/loss_plan.h"
#include "rows/write.h"
#include "run/tuning.h"

/* ---- What both losses do ------------------------------------------------------------------------------------------ */

void xent_loss_read_target(const struct xent_loss *loss, const struct xent_position *position, struct xent_row *row)
{
    const xent_options *options = &loss->options;
    double smoothing = options->label_smoothing;
    ptrdiff_t offset = position->offset[XENT_LOSS_TARGET];
    int64_t index;
    row->target = -1;
    row->target_coef = row->at_target = 0;
    if (loss->dense)
        row->coefficients = (struct xent_coefficients){ .class_weight = loss->class_weight,
                                                        .hot = 1 - smoothing,
                                                        .uniform = xent_loss_uniform(loss),
                                                        .sums = loss->knows_sums ? loss->sums : NULL };
    row->weight = 1;
    if (options->row_weight != NULL)
        row->weight = xent_row_weight_at(options->row_weight, position->offset[XENT_LOSS_ROW_WEIGHT]);
    row->ignored = row->weight == 0;
    if (!loss->rule.indices) {
        row->coefficients.per_class = xent_line_of(loss->target, loss->axis, offset);
        return;
    }
    index = xent_load_index(loss->rule.dtype, (const char *)loss->target->data + offset);
    row->target = index;
    row->ignored |= xent_target_ignored(&loss->rule, index);
    if (row->ignored) return;
    if (loss->shard != NULL) row->target -= loss->shard->first;
    row->target_coef = 1 - smoothing;
    if (options->class_weight != NULL) row->target_coef *= xent_weight_of(options->class_weight, index);
}

void xent_loss_read_logit(const struct xent_loss *loss, struct xent_row *row)
{
    bool is_here = (uint64_t)row->target < (uint64_t)loss->type.classes;
    if (row->target_coef != 0 && is_here) row->at_target = xent_row_logit(&loss->type, &row->in, row->target);
}

struct xent_upstream xent_loss_upstream(const struct xent_loss *loss, const struct xent_position *position)
{
    const struct xent_tensor *grad_loss = loss->grad_loss;
    double gradient = 1;
    if (grad_loss != NULL)
        gradient = xent_load_float(grad_loss->dtype, (const char *)grad_loss->data + position->offset[XENT_LOSS_GRAD_LOSS]);
    return (struct xent_upstream){ gradient, gradient / loss->divisor * loss->type.scale };
}

/* x as a number of [0.5, 1) times 2^*exponent; what is no such number stays as it is. */
static double split(double x, int *exponent)
{
    *exponent = 0;
    return x - x == 0 ? frexp(x, exponent) : x;
}

/* The exponents are added apart, so that only the whole of it may overflow or underflow. */
double xent_loss_factor_by_fractions(const struct xent_loss *loss, double gradient, double weight)
{
    int of_gradient, of_divisor, of_scale, of_weight;
    double factor = split(gradient, &of_gradient) / split(loss->divisor, &of_divisor) * split(loss->type.scale, &of_scale);
    factor *= split(weight, &of_weight);
    return ldexp(factor, of_gradient - of_divisor + of_scale + of_weight);
}

double xent_loss_factor(const struct xent_loss *loss, const struct xent_position *position, double weight)
{
    struct xent_upstream upstream = xent_loss_upstream(loss, position);
    return xent_loss_weighted_factor(loss, &upstream, weight);
}

void xent_loss_end(const void *call, double total)
{
    const struct xent_loss *loss = call;
    xent_store_result(loss->loss->dtype, loss->loss->data, total / loss->divisor);
}

/* ---- A row of cross entropy --------------------------------------------------------------------------------------- */

static struct xent_buffers buffers_of(const struct xent_loss *loss, char *task_memory)
{
    return (struct xent_buffers){ .copy = xent_arena_at(task_memory, loss->copy),
                                  .prepared = xent_arena_at(task_memory, loss->prepared),
                                  .coef = xent_arena_at(task_memory, loss->coef) };
}

static const struct xent_coefficients *coefficients_of(const struct xent_loss *loss, const struct xent_row *row)
{
    return loss->dense ? &row->coefficients : NULL;
}

static void begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row)
{
    const struct xent_loss *loss = call;
    row->in = xent_line_of(loss->logits, loss->axis, position->offset[XENT_LOSS_LOGITS]);
    row->terms = NULL;
    xent_loss_read_target(loss, position, row);
    if (loss->grad_logits == NULL) return;
    row->out = xent_line_of(loss->grad_logits, loss->axis, position->offset[XENT_LOSS_GRAD]);
    row->terms = xent_terms_are_apart(loss->terms_place) ? memory->row + loss->terms : row->out.at;
    row->factor = xent_loss_factor(loss, position, row->weight);
    if (xent_row_overwrites_logits(row)) xent_loss_read_logit(loss, row);
}

static void reduce(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk, struct xent_chunk *to)
{
    const struct xent_loss *loss = call;
    struct xent_buffers buffers = buffers_of(loss, task_memory);
    xent_row_reduce(&loss->type, row, coefficients_of(loss, row), &buffers, chunk, to);
}

/* What a class index adds to the sums over all classes; its gap needs no pass over the row. */
static void add_target(struct xent_row *row)
{
    if (row->target_coef == 0) return;
    row->state.coef += row->target_coef;
    row->state.gap += wide_gap_of(row->target_coef, row->state.max, row->at_target);
}

static double result_of(const struct xent_loss *loss, const struct xent_row *row)
{
    const struct xent_state *state = &row->state;
    double result;
    if (row->ignored) return 0;
    if (!xent_state_is_finite(state)) return (double)NAN;
    result = loss_of(state->gap, state->coef, row->log1p_rest);
    if (loss->options.z_loss != 0) result += z_loss_of(loss->options.z_loss, state->max + row->log1p_rest);
    return xent_loss_weighted(result, row->weight);
}

void xent_loss_finish(const struct xent_loss *loss, struct xent_row *rows, size_t count)
{
    double rest[XENT_BLOCK] = { 0 }, log1p_rest[XENT_BLOCK];
    for (size_t i = 0; i < count; i++) {
        add_target(&rows[i]);
        rest[i] = rows[i].state.rest;
    }
    loss->type.kernels->real->log1p(rest, log1p_rest, count);
    for (size_t i = 0; i < count; i++) {
        rows[i].log1p_rest = log1p_rest[i];
        rows[i].result = result_of(loss, &rows[i]);
    }
}

/* A target's logit that is still there is read behind the first pass, which has left it in a cache: reading it first takes as long as memory
   does. */
static void finish(const void *call, struct xent_row *rows, size_t count)
{
    const struct xent_loss *loss = call;
    for (size_t i = 0; i < count; i++)
        if (!xent_row_overwrites_logits(&rows[i])) xent_loss_read_logit(loss, &rows[i]);
    xent_loss_finish(loss, rows, count);
}

/* Whether all entries of the row are alike: +0.0 where the row is ignored, or where a factor of 0 meets a sum of coefficients and
   z-loss that overflows; NaN where the row, its divisor or its upstream gradient makes them so. */
static bool is_uniform(const struct xent_loss *loss, const struct xent_row *row, double pull, double *entry)
{
    *entry = 0;
    if (row->ignored) return true;
    *entry = (double)NAN;
    if (!xent_state_is_finite(&row->state) || loss->divisor == 0 || row->factor != row->factor) return true;
    *entry = 0;
    return row->factor == 0 && row->state.coef - row->state.coef == 0 && pull - pull != 0;
}

void xent_loss_write(const struct xent_loss *loss, const struct xent_row *row, bool led_before, char *task_memory,
                     struct xent_span span)
{
    struct xent_buffers buffers = buffers_of(loss, task_memory);
    double pull = pull_of(loss->options.z_loss, row->state.max + row->log1p_rest), entry;
    const struct xent_gradient gradient = { .factor = row->factor,
                                            .coef = row->state.coef,
                                            .pull = pull,
                                            .coefficients = coefficients_of(loss, row),
                                            .target = row->target,
                                            .target_coef = row->target_coef,
                                            .led_before = led_before };
    if (is_uniform(loss, row, pull, &entry))
        xent_row_fill(&loss->type, row, entry, span);
    else
        xent_row_write(&loss->type, row, &gradient, loss->terms_place == XENT_TERMS_STREAMED, &buffers, span);
}

static void write(const void *call, const struct xent_row *row, char *task_memory, struct xent_span span)
{
    xent_loss_write(call, row, false, task_memory, span);
}

const struct xent_row_steps xent_cross_entropy_steps = { .begin = begin, .reduce = reduce, .finish = finish };
const struct xent_row_steps xent_cross_entropy_gradient_steps = {
    .begin = begin, .reduce = reduce, .finish = finish, .write = write
};

/* ---- The operation ------------------------------------------------------------------------------------------------ */

static xent_status check(void *call)
{
    struct xent_loss *loss = call;
    loss->kind = &xent_loss_of_logits;
    return xent_loss_check(loss);
}

const struct xent_operation xent_cross_entropy_operation = { .check = check,
                                                             .plan = xent_cross_entropy_plan,
                                                             .end = xent_loss_end };
