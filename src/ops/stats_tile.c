/* Statistics of rows side by side. */
#include <math.h>

#include "kernels/stats.h"
#include "ops/loss_plan.h"
#include "ops/stats.h"

static struct xent_stats_tile *extra_of(const struct xent_row_stats *stats, const struct xent_tile_rows *tile)
{
    return xent_arena_at(tile->memory, stats->tile_extra);
}

static void begin(const void *call, const struct xent_position *position, struct xent_tile_rows *tile)
{
    const struct xent_row_stats *stats = call;
    xent_loss_tile_steps.begin(&stats->loss, position, tile);
    tile->number = xent_walk_row(&stats->loss.walk, position);
}

static void reduce(const void *call, struct xent_tile_rows *tile)
{
    static const struct xent_tile_ahead nothing = { .count = 0 };
    const struct xent_row_stats *stats = call;
    const struct xent_real_kernels *kernels = stats->loss.type.kernels->real;
    struct xent_stats_tile *extra = extra_of(stats, tile);
    const size_t rows = tile->rows, classes = (size_t)stats->loss.type.classes;
    const bool weighed = tile->coef.at != NULL;
    if (stats->extra.rank) kernels->stats->count_before(tile->reals, rows, classes, tile->state.target, extra->before);
    if (!stats->extra.heat) {
        xent_tile_reduce(&stats->loss.type, tile, false);
        return;
    }
    kernels->tile_maxima(tile->reals, rows, classes, &tile->state);
    if (weighed) kernels->tile_weigh(tile->reals, rows, classes, &tile->coef, false, &nothing, &tile->state);
    tile->regular_rows =
        kernels->stats->terms_with_heat(tile->reals, rows, classes, weighed, &tile->ahead, &tile->state, extra->heat);
}

/* All but the losses, for rows that are regular and hold no NaN. */
static void find_regular(const struct xent_row_stats *stats, const struct xent_tile_rows *tile, struct xent_stats_found *found)
{
    const struct xent_tile *state = &tile->state;
    const struct xent_stats_tile *extra = extra_of(stats, tile);
    const size_t rows = tile->rows;
    for (size_t i = 0; i < rows; i++) found->lse[i] = state->max[i] + state->log1p_rest[i];
    for (size_t i = 0; i < rows; i++) found->max[i] = state->max[i];
    for (size_t i = 0; i < rows; i++) found->argmax[i] = state->first[i];
    if (stats->extra.heat) stats->loss.type.kernels->real->stats->entropies(state, rows, extra->heat, found->entropy);
    for (size_t i = 0; i < rows && stats->extra.rank; i++) found->rank[i] = extra->before[i];
}

/* A row that the kernels leave out, or with a NaN: its only chunk takes the first pass of a row alone. */
static __attribute__((noinline, cold)) void find_alone(const struct xent_row_stats *stats, const struct xent_tile_rows *tile,
                                                       size_t i, struct xent_stats_found *found)
{
    const struct xent_row_type *type = &stats->loss.type;
    struct xent_buffers buffers = xent_stats_buffers(stats, tile->memory);
    struct xent_row row = { .target = tile->state.target[i] };
    struct xent_chunk chunk;
    row.in = (struct xent_line){ .at = tile->in.at + (ptrdiff_t)i * tile->in.row_step,
                                 .step = tile->in.class_step,
                                 .dtype = type->dtype,
                                 .contiguous = xent_lines_are_contiguous(stats->loss.logits, stats->loss.axis) };
    row.at_target = xent_row_logit(type, &row.in, row.target);
    xent_row_reduce_more(type, &row, &stats->extra, NULL, &buffers, 0, &chunk);
    xent_stats_find(&chunk.state, tile->state.log1p_rest[i], (int64_t)chunk.first, (int64_t)chunk.before, found, i);
}

/* Of the rows that the kernels have not done, or not all of. */
static void find_others(const struct xent_row_stats *stats, const struct xent_tile_rows *tile, struct xent_stats_found *found)
{
    const struct xent_tile *state = &tile->state;
    for (size_t i = 0; i < tile->rows; i++)
        if (tile->ignored[i])
            xent_stats_find_ignored(found, i);
        else if (!state->regular[i] || state->rest[i] != state->rest[i])
            find_alone(stats, tile, i, found);
}

static void finish(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_row_stats *stats = call;
    struct xent_stats_found found;
    bool nan = false;
    xent_loss_tile_steps.finish(&stats->loss, tile);
    for (size_t i = 0; i < tile->rows; i++) found.loss[i] = tile->result[i];
    find_regular(stats, tile, &found);
    for (size_t i = 0; i < tile->rows; i++) nan |= tile->state.rest[i] != tile->state.rest[i];
    if (nan || tile->ignored_rows != 0 || tile->regular_rows != tile->rows) find_others(stats, tile, &found);
    xent_stats_deliver(stats, tile->number, tile->rows, &found);
}

const struct xent_tile_steps xent_stats_tile_steps = { begin, reduce, finish, NULL };
