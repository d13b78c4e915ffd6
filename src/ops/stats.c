/* The statistics of a row alone, and how the rows of a call go. */
#include "ops/stats.h"

#include <math.h>

#include "kernels/formulas.h"
#include "ops/loss_plan.h"
#include "ops/loss_tile.h"
#include "ops/side_by_side.h"
#include "run/tuning.h"

/* ---- What a row comes to ------------------------------------------------------------------------------------------ */

void xent_stats_find(const struct xent_state *state, double log1p_rest, int64_t argmax, int64_t before,
                     struct xent_stats_found *found, size_t i)
{
    bool nan = state->rest != state->rest, finite = xent_state_is_finite(state);
    found->lse[i] = state->max + log1p_rest;
    found->max[i] = nan ? (double)NAN : state->max;
    found->argmax[i] = argmax;
    found->entropy[i] = finite ? entropy_of(log1p_rest, state->heat, state->rest) : (double)NAN;
    found->rank[i] = nan ? -1 : before;
}

void xent_stats_find_ignored(struct xent_stats_found *found, size_t i)
{
    found->loss[i] = found->lse[i] = found->max[i] = found->entropy[i] = 0;
    found->argmax[i] = found->rank[i] = -1;
}

/* Of n rows that are one step apart. */
static inline void put_results(const struct xent_row_stats *stats, int32_t member, const struct xent_position *position,
                               size_t n, const double *results)
{
    const struct xent_tensor *out = stats->out[member];
    if (out == NULL) return;
    xent_put_results(out->dtype, (char *)out->data + position->offset[member], xent_walk_step(&stats->outputs, member), n,
                     results);
}

static inline void put_indices(const struct xent_row_stats *stats, int32_t member, const struct xent_position *position,
                               size_t n, const int64_t *indices)
{
    const struct xent_tensor *out = stats->out[member];
    if (out == NULL) return;
    xent_put_indices(out->dtype, (char *)out->data + position->offset[member], xent_walk_step(&stats->outputs, member), n,
                     indices);
}

/* The places of the outputs are found by the rows' number: their strides may join to other runs than those of the inputs. */
void xent_stats_deliver(const struct xent_row_stats *stats, int64_t number, size_t rows, const struct xent_stats_found *found)
{
    const struct xent_walk *walk = &stats->outputs;
    struct xent_position position;
    xent_walk_seek(walk, number, &position);
    for (size_t from = 0, n = 0; from < rows; from += n) {
        int64_t run;
        if (from > 0) xent_walk_advance(walk, &position, (int64_t)n);
        run = xent_walk_run(walk, &position);
        n = (int64_t)(rows - from) < run ? rows - from : (size_t)run;
        put_results(stats, XENT_STATS_LOSS, &position, n, found->loss + from);
        put_results(stats, XENT_STATS_LSE, &position, n, found->lse + from);
        put_results(stats, XENT_STATS_MAX, &position, n, found->max + from);
        put_indices(stats, XENT_STATS_ARGMAX, &position, n, found->argmax + from);
        put_results(stats, XENT_STATS_ENTROPY, &position, n, found->entropy + from);
        put_indices(stats, XENT_STATS_RANK, &position, n, found->rank + from);
    }
}

/* ---- A row alone -------------------------------------------------------------------------------------------------- */

static void begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row)
{
    const struct xent_row_stats *stats = call;
    const struct xent_loss *loss = &stats->loss;
    xent_cross_entropy_steps.begin(loss, position, memory, row);
    row->number = xent_walk_row(&loss->walk, position);
    if (stats->extra.rank && !row->ignored) row->at_target = xent_row_logit(&loss->type, &row->in, row->target);
}

static void reduce(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk, struct xent_chunk *to)
{
    const struct xent_row_stats *stats = call;
    const struct xent_loss *loss = &stats->loss;
    struct xent_buffers buffers = xent_stats_buffers(stats, task_memory);
    xent_row_reduce_more(&loss->type, row, &stats->extra, loss->dense ? &row->coefficients : NULL, &buffers, chunk, to);
}

static int64_t before_of(const struct xent_row *row, int64_t chunks)
{
    int64_t before = 0;
    for (int64_t i = 0; i < chunks; i++) before += (int64_t)row->chunks[i].before;
    return before;
}

static void finish(const void *call, struct xent_row *rows, size_t count)
{
    const struct xent_row_stats *stats = call;
    const int64_t chunks = xent_chunk_count(stats->loss.type.classes);
    struct xent_stats_found found;
    xent_cross_entropy_steps.finish(&stats->loss, rows, count);
    for (size_t i = 0; i < count; i++) {
        const struct xent_row *row = &rows[i];
        if (row->ignored) {
            xent_stats_find_ignored(&found, i);
            continue;
        }
        found.loss[i] = row->result;
        xent_stats_find(&row->state, row->log1p_rest, stats->extra.first ? xent_chunks_argmax(row->chunks, chunks) : 0,
                        stats->extra.rank ? before_of(row, chunks) : 0, &found, i);
    }
    xent_stats_deliver(stats, rows[0].number, count, &found);
}

static const struct xent_row_steps steps = { .begin = begin, .reduce = reduce, .finish = finish };

/* ---- The plan ----------------------------------------------------------------------------------------------------- */

/* The chunks of a block's rows take what the stack has left, or as much as those of one row. */
static int64_t block_of(const struct xent_row_stats *stats, const struct xent_drive *drive)
{
    size_t of_row = xent_arena_padded((size_t)xent_chunk_count(stats->loss.type.classes) * sizeof(struct xent_chunk));
    size_t left = drive->task_bytes < XENT_ARENA_LOCAL ? XENT_ARENA_LOCAL - drive->task_bytes : 0, rows;
    if (!drive->keeps_chunks || of_row == 0) return XENT_BLOCK;
    rows = left / of_row;
    return rows < 1 ? 1 : rows < XENT_BLOCK ? (int64_t)rows : XENT_BLOCK;
}

/* As cross entropy goes forward, and by whose tiles: but a loss that is not wanted has no coefficients of all classes. */
static void plan_rows(struct xent_row_stats *stats, struct xent_drive *drive)
{
    struct xent_loss *loss = &stats->loss;
    int32_t operands = loss->rule.indices ? 1 : 2;
    bool tiled = xent_rows_go_side_by_side(loss->logits, loss->axis, &loss->walk, XENT_LOSS_LOGITS, operands);
    xent_loss_plan_memory(loss, drive);
    if (tiled) {
        drive->tiled = &xent_stats_tile_steps;
        stats->tile_extra = xent_arena_need(&drive->task_bytes, sizeof(struct xent_stats_tile));
        if (loss->dense) xent_loss_tile_memory(loss, &drive->task_bytes);
    } else {
        xent_loss_sum_coefficients(loss);
        drive->keeps_chunks = stats->extra.first || stats->extra.rank;
        drive->block = block_of(stats, drive);
    }
}

static void plan(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_row_stats *stats = call;
    struct xent_loss *loss = &stats->loss;
    xent_loss_plan(loss, settings, &steps, loss->logits->numel, drive);
    drive->call = stats;
    loss->dense = loss->dense && stats->out[XENT_STATS_LOSS] != NULL;
    if (loss->options.logit_scale != 1 || loss->options.softcap != 0)
        xent_row_type_scale(&loss->type, loss->options.logit_scale, loss->options.softcap);
    stats->extra = (struct xent_extra){ .heat = stats->out[XENT_STATS_ENTROPY] != NULL,
                                        .first = stats->out[XENT_STATS_ARGMAX] != NULL,
                                        .rank = stats->out[XENT_STATS_RANK] != NULL };
    if (loss->walk.count > 0) plan_rows(stats, drive);
}

const struct xent_operation xent_row_stats_operation = { .check = xent_stats_check, .plan = plan };
