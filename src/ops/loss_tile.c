/* Rows of a cross entropy side by side: targets, losses, and what turns terms into entries. A row's only coefficient is its target's. */
#include <math.h>

#include "kernels/formulas.h"
#include "ops/loss_plan.h"

/* An ignored row gets class 0, which it always has. */
static void read_targets(const struct xent_loss *loss, const char *at, ptrdiff_t step, struct xent_tile_rows *tile)
{
    const struct xent_target_rule rule = loss->rule;
    const struct xent_tensor *weight = loss->options.class_weight;
    size_t ignored_rows = 0;
    for (size_t i = 0; i < tile->rows; i++, at += step) {
        int64_t index = xent_load_index(rule.dtype, at);
        bool ignored = xent_target_ignored(&rule, index);
        ignored_rows += ignored;
        tile->ignored[i] = ignored;
        tile->state.target[i] = ignored ? 0 : (int32_t)index;
        tile->state.coef[i] = ignored ? 0 : 1;
    }
    tile->ignored_rows = ignored_rows;
    for (size_t i = 0; i < tile->rows && weight != NULL; i++)
        tile->state.coef[i] *= xent_weight_of(weight, tile->state.target[i]);
}

/* What their weights change: rows of weight 0 are ignored too. */
static void read_row_weights(const struct xent_loss *loss, const struct xent_position *first, struct xent_tile_rows *tile)
{
    ptrdiff_t offset = first->offset[XENT_LOSS_ROW_WEIGHT], step = xent_walk_step(&loss->walk, XENT_LOSS_ROW_WEIGHT);
    for (size_t i = 0; i < tile->rows; i++, offset += step) {
        tile->weight[i] = xent_row_weight_at(loss->options.row_weight, offset);
        if (tile->weight[i] != 0 || tile->ignored[i]) continue;
        tile->ignored_rows++;
        tile->ignored[i] = true;
        tile->state.target[i] = 0;
        tile->state.coef[i] = 0;
    }
}

/* One for all rows, unless each has an upstream gradient or a weight of its own. */
static void find_factors(const struct xent_loss *loss, const struct xent_position *first, struct xent_tile_rows *tile)
{
    struct xent_position position = *first;
    ptrdiff_t step = xent_walk_step(&loss->walk, XENT_LOSS_GRAD_LOSS);
    struct xent_upstream upstream = xent_loss_upstream(loss, &position);
    for (size_t i = 0; i < tile->rows; i++) tile->factor[i] = upstream.factor;
    for (size_t i = 0; i < tile->rows && (step != 0 || loss->options.row_weight != NULL); i++) {
        if (step != 0) upstream = xent_loss_upstream(loss, &position);
        tile->factor[i] = upstream.factor;
        if (loss->options.row_weight != NULL) tile->factor[i] = xent_loss_weighted_factor(loss, &upstream, tile->weight[i]);
        position.offset[XENT_LOSS_GRAD_LOSS] += step;
    }
}

static struct xent_tile_place place_of(const struct xent_loss *loss, const struct xent_position *position,
                                       const struct xent_tensor *tensor, int32_t operand)
{
    return (struct xent_tile_place){ .at = (char *)tensor->data + position->offset[operand],
                                     .row_step = xent_walk_step(&loss->walk, operand),
                                     .class_step = tensor->step[loss->axis] };
}

static void begin(const void *call, const struct xent_position *position, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    const char *targets = (const char *)loss->target->data + position->offset[XENT_LOSS_TARGET];
    tile->in = place_of(loss, position, loss->logits, XENT_LOSS_LOGITS);
    read_targets(loss, targets, xent_walk_step(&loss->walk, XENT_LOSS_TARGET), tile);
    if (loss->options.row_weight != NULL) read_row_weights(loss, position, tile);
    if (loss->grad_logits == NULL) return;
    tile->out = place_of(loss, position, loss->grad_logits, XENT_LOSS_GRAD);
    find_factors(loss, position, tile);
}

/* Of a row that is not regular. */
static double loss_alone(const struct xent_loss *loss, const struct xent_tile *state, size_t i)
{
    double gap = wide_gap_of(state->coef[i], state->max[i], state->at_target[i]);
    double result = loss_of(gap, state->coef[i], state->log1p_rest[i]);
    if (loss->options.z_loss != 0) result += z_loss_of(loss->options.z_loss, state->max[i] + state->log1p_rest[i]);
    return result;
}

/* A regular row has a finite maximum, and with a NaN in its sum its loss is one. */
static void finish_irregular(const struct xent_loss *loss, struct xent_tile_rows *tile)
{
    for (size_t i = 0; i < tile->rows; i++) {
        double result = tile->state.regular[i] ? tile->result[i] : loss_alone(loss, &tile->state, i);
        tile->result[i] = tile->ignored[i] ? 0 : xent_tile_is_finite(tile, i) ? result : (double)NAN;
    }
}

static void finish(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    loss->type.kernels->real->tile_losses(&tile->state, tile->rows, loss->options.z_loss, tile->result);
    if (tile->ignored_rows != 0 || tile->regular_rows != tile->rows) finish_irregular(loss, tile);
    for (size_t i = 0; i < tile->rows && loss->options.row_weight != NULL; i++)
        tile->result[i] = xent_loss_weighted(tile->result[i], tile->weight[i]);
}

static bool fits(const struct xent_loss *loss, const struct xent_tile_rows *tile, const double *total, size_t row)
{
    return xent_entries_fit(&loss->type.kernels->real->limits, tile->factor[row], total[row], tile->state.coef[row]);
}

/* Counts the rows whose entries the kernel can write. A NaN in a row's sum makes its total NaN, a divisor of 0 its factor NaN or
   infinite: both fail the comparison. */
static size_t count_fitting(const struct xent_loss *loss, const struct xent_tile_rows *tile, const double *total)
{
    int32_t count = 0;
    for (size_t i = 0; i < tile->rows; i++) count += fits(loss, tile, total, i);
    return (size_t)count;
}

static void scale(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    struct xent_tile *state = &tile->state;
    double total[XENT_TILE];
    loss->type.kernels->real->tile_entries(state, tile->rows, loss->options.z_loss, tile->factor, total);
    tile->alone_rows = 0;
    if (tile->ignored_rows == 0 && tile->regular_rows == tile->rows && count_fitting(loss, tile, total) == tile->rows) return;
    for (size_t i = 0; i < tile->rows; i++) {
        tile->alone[i] = !tile->ignored[i] && (!state->regular[i] || !fits(loss, tile, total, i));
        tile->alone_rows += tile->alone[i];
        if (tile->ignored[i]) state->scale[i] = state->first_entry[i] = state->target_entry[i] = 0;
    }
}

const struct xent_tile_steps xent_loss_tile_steps = { begin, finish, scale };
