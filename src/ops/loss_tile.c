/* Rows of a loss side by side: their first pass, losses, and what turns terms into entries. */
#include "ops/loss_tile.h"

#include <math.h>
#include <string.h>

#include "kernels/formulas.h"
#include "ops/loss_plan.h"

/* Kernels compute with what stands behind the last row. */
static inline void clear_last_vector(struct xent_tile_rows *tile)
{
    size_t from = tile->rows / XENT_TILE_DOUBLES * XENT_TILE_DOUBLES;
    if (from == tile->rows) return;
    memset(tile->state.target + from, 0, XENT_TILE_DOUBLES * sizeof tile->state.target[0]);
    memset(tile->state.target_coef + from, 0, XENT_TILE_DOUBLES * sizeof tile->state.target_coef[0]);
}

static void begin(const void *call, const struct xent_position *position, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    clear_last_vector(tile);
    xent_loss_tile_begin(loss, position, loss->grad_logits != NULL, tile);
    xent_loss_tile_coefficients(loss, position, tile);
    if (loss->tile_slopes != XENT_NOWHERE) tile->slopes = xent_arena_at(tile->memory, loss->tile_slopes);
}

static void reduce(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    xent_tile_reduce(&loss->type, tile, loss->grad_logits != NULL);
}

/* Of a row that is not regular. */
static double loss_alone(const struct xent_loss *loss, const struct xent_tile *state, size_t i)
{
    double coef = state->target_coef[i], gap = wide_gap_of(coef, state->max[i], state->at_target[i]);
    double result = loss_of(state->gap[i] + gap, state->coef[i] + coef, state->log1p_rest[i]);
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
    loss->type.kernels->real->tile_losses(&tile->state, tile->rows, loss->dense, loss->options.z_loss, tile->result);
    if (tile->ignored_rows != 0 || tile->regular_rows != tile->rows) finish_irregular(loss, tile);
    for (size_t i = 0; i < tile->rows && loss->options.row_weight != NULL; i++)
        tile->result[i] = xent_loss_weighted(tile->result[i], tile->weight[i]);
}

static bool fits(const struct xent_loss *loss, const struct xent_tile_rows *tile, const double *total, size_t row)
{
    const struct xent_tile *state = &tile->state;
    double peak = state->target_coef[row] + (loss->dense ? state->coef_peak[row] : 0);
    return xent_entries_fit(&loss->type.kernels->real->limits, tile->factor[row], total[row], peak);
}

/* Counts the rows whose entries the kernel can write. A NaN in a row's sum makes its total NaN, a divisor of 0 its factor NaN or
   infinite: both fail the comparison. */
static size_t count_fitting(const struct xent_loss *loss, const struct xent_tile_rows *tile, const double *total)
{
    int32_t count = 0;
    for (size_t i = 0; i < tile->rows; i++) count += fits(loss, tile, total, i);
    return (size_t)count;
}

/* Only targets have coefficients, and no class a slope: tile_write does it all. */
static void find_entries(const struct xent_loss *loss, struct xent_tile_rows *tile, double *total)
{
    loss->type.kernels->real->tile_entries(&tile->state, tile->rows, loss->options.z_loss, tile->factor, total);
}

static void make_entries(const struct xent_loss *loss, struct xent_tile_rows *tile, double *total)
{
    const struct xent_real_kernels *kernels = loss->type.kernels->real;
    struct xent_tile *state = &tile->state;
    size_t classes = (size_t)loss->type.classes;
    for (size_t i = 0; i < tile->rows && !loss->rule.indices; i++) state->target[i] = state->first[i];
    kernels->tile_special_entries(state, tile->rows, &tile->coef, tile->slopes, loss->options.z_loss, tile->factor, total);
    for (size_t i = 0; i < tile->rows && tile->ignored_rows != 0; i++)
        if (tile->ignored[i]) state->first_entry[i] = state->target_entry[i] = 0;
    kernels->tile_rescale(tile->reals, tile->rows, classes, &tile->coef, tile->slopes, tile->factor, total, state);
    tile->made = true;
}

static void scale(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    struct xent_tile *state = &tile->state;
    double total[XENT_TILE];
    if (loss->dense || tile->slopes != NULL)
        make_entries(loss, tile, total);
    else
        find_entries(loss, tile, total);
    if (tile->ignored_rows == 0 && tile->regular_rows == tile->rows && count_fitting(loss, tile, total) == tile->rows) return;
    for (size_t i = 0; i < tile->rows; i++) {
        tile->alone[i] = !tile->ignored[i] && (!state->regular[i] || !fits(loss, tile, total, i));
        tile->alone_rows += tile->alone[i];
        if (tile->ignored[i]) state->scale[i] = state->first_entry[i] = state->target_entry[i] = 0;
    }
}

const struct xent_tile_steps xent_loss_tile_steps = { begin, reduce, finish, NULL };
const struct xent_tile_steps xent_loss_gradient_tile_steps = { begin, reduce, finish, scale };
