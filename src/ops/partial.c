/* Rows of which a call has some classes alone: the steps of a row, which end in states or begin with one. */
#include "ops/partial.h"

#include <math.h>

#include "ops/loss_plan.h"

static double canonical(double x) { return x == x ? x : (double)NAN; }

/* Which logit a sum with a NaN in it has for its maximum, if any, depends on the kernel: so it has none, nor what is measured from it. */
xent_partial xent_partial_of(const struct xent_state *state, double target, int64_t argmax)
{
    const bool nan = state->rest != state->rest;
    return (xent_partial){ .max = nan ? (double)INFINITY : canonical(state->max),
                           .rest = canonical(state->rest),
                           .heat = nan ? (double)NAN : canonical(state->heat),
                           .coef = canonical(state->coef),
                           .gap = nan ? (double)NAN : canonical(state->gap),
                           .peak = canonical(state->coef_peak),
                           .target = canonical(target),
                           .argmax = argmax };
}

/* ---- To states: the row's tree ends at the nodes that its classes make up ------------------------------------------- */

static bool has_target_here(const struct xent_slice *slice, const struct xent_row *row)
{
    return slice->has_target && !row->ignored && (uint64_t)row->target < (uint64_t)slice->stats.loss.type.classes;
}

/* A row that waits for others between its passes has memory of its own. */
void xent_slice_begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                      struct xent_row *row)
{
    const struct xent_slice *slice = call;
    const struct xent_loss *loss = &slice->stats.loss;
    const struct xent_waiting *waiting = &slice->waiting;
    struct xent_memory own = *memory;
    row->number = xent_walk_row(&loss->walk, position);
    if (waiting->memory != NULL) {
        own.row = waiting->memory + (size_t)(row->number - slice->first) * waiting->row_step;
        row->chunks = (struct xent_chunk *)(void *)(own.row + waiting->chunks);
    }
    xent_cross_entropy_steps.begin(loss, position, &own, row);
    if (xent_row_overwrites_logits(row) && has_target_here(slice, row))
        row->at_target = xent_row_logit(&loss->type, &row->in, row->target);
}

static void reduce(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk, struct xent_chunk *to)
{
    const struct xent_slice *slice = call;
    const struct xent_loss *loss = &slice->stats.loss;
    struct xent_buffers buffers = xent_stats_buffers(&slice->stats, task_memory);
    xent_row_reduce_more(&loss->type, row, &slice->stats.extra, loss->dense ? &row->coefficients : NULL, &buffers, chunk, to);
}

/* Chunks of the row that are a node of its tree. */
static xent_partial node_of(const struct xent_slice *slice, const struct xent_row *row, int64_t index, int64_t at,
                            int64_t count)
{
    const struct xent_loss *loss = &slice->stats.loss;
    const struct xent_classes classes = xent_shard_classes(loss->shard, at, count);
    const struct xent_chunk *chunks = row->chunks + at;
    struct xent_state state = xent_state_none();
    double at_target = (double)NAN;
    if (row->ignored) return xent_partial_of(&state, at_target, classes.from); /* whose target may be any number */
    const int64_t target = loss->shard->first + row->target;
    if (has_target_here(slice, row) && target >= classes.from && target < classes.to)
        at_target = xent_row_overwrites_logits(row) ? row->at_target : xent_row_logit(&loss->type, &row->in, row->target);
    state = xent_tree_of_chunks(chunks, index + at, count, loss->type.kernels->real);
    if (!slice->stats.extra.heat && state.max - state.max == 0) state.heat = (double)NAN;
    return xent_partial_of(&state, at_target, classes.from + xent_chunks_argmax(chunks, count));
}

static void finish_states(const void *call, struct xent_row *rows, size_t count)
{
    const struct xent_slice *slice = call;
    const xent_shard *shard = slice->stats.loss.shard;
    const struct xent_run run = xent_shard_run(shard);
    xent_partial *to = slice->partials + (rows[0].number - slice->first) * xent_shard_states(shard);
    for (size_t i = 0; i < count; i++)
        for (int64_t at = 0, n; at < run.count; at += n) {
            n = xent_run_chunks(&run, at, xent_run_level(&run, at));
            *to++ = node_of(slice, &rows[i], run.index, at, n);
        }
}

/* ---- From states: what the first pass over the whole row would have found ------------------------------------------- */

static void take_state(const struct xent_slice *slice, struct xent_row *row)
{
    const xent_partial *whole = &slice->whole[row->number];
    row->state = row->ignored ? xent_state_none() : xent_partial_state(whole);
    row->at_target = whole->target;
}

static void begin_alone(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                        struct xent_row *row)
{
    const struct xent_slice *slice = call;
    (void)memory;
    xent_loss_read_target(&slice->stats.loss, position, row);
    row->number = xent_walk_row(&slice->stats.loss.walk, position);
}

static void finish_losses(const void *call, struct xent_row *rows, size_t count)
{
    const struct xent_slice *slice = call;
    for (size_t i = 0; i < count; i++) take_state(slice, &rows[i]);
    xent_loss_finish(&slice->stats.loss, rows, count);
}

static void finish_stats(const void *call, struct xent_row *rows, size_t count)
{
    const struct xent_slice *slice = call;
    struct xent_stats_found found;
    finish_losses(call, rows, count);
    for (size_t i = 0; i < count; i++) {
        const struct xent_row *row = &rows[i];
        if (row->ignored) {
            xent_stats_find_ignored(&found, i);
            continue;
        }
        found.loss[i] = row->result;
        xent_stats_find(&row->state, row->log1p_rest, slice->whole[row->number].argmax, 0, &found, i);
    }
    xent_stats_deliver(&slice->stats, rows[0].number, count, &found);
}

static void reduce_to_terms(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk,
                            struct xent_chunk *to)
{
    const struct xent_slice *slice = call;
    struct xent_buffers buffers = xent_stats_buffers(&slice->stats, task_memory);
    xent_row_reduce(&slice->stats.loss.type, row, NULL, &buffers, chunk, to);
}

static void write(const void *call, const struct xent_row *row, char *task_memory, struct xent_span span)
{
    const struct xent_slice *slice = call;
    const struct xent_loss *loss = &slice->stats.loss;
    xent_loss_write(loss, row, slice->whole[row->number].argmax < loss->shard->first, task_memory, span);
}

/* ---- The operations ------------------------------------------------------------------------------------------------- */

static const struct xent_row_steps to_losses = { .begin = begin_alone, .finish = finish_losses };
static const struct xent_row_steps to_stats = { .begin = begin_alone, .finish = finish_stats };
static const struct xent_row_steps to_gradient = {
    .begin = xent_slice_begin, .reduce = reduce_to_terms, .finish = finish_losses, .write = write
};
const struct xent_row_steps xent_slice_to_states = { .begin = xent_slice_begin, .reduce = reduce, .finish = finish_states };
const struct xent_row_steps xent_slice_from_terms = { .begin = xent_slice_begin, .finish = finish_losses, .write = write };

/* Class weights are those of all classes, but for coefficients class by class. */
static void slice_weights(struct xent_slice *slice)
{
    struct xent_loss *loss = &slice->stats.loss;
    if (loss->options.class_weight == NULL) return;
    slice->class_weight = *loss->options.class_weight;
    slice->class_weight.data = (char *)slice->class_weight.data + (ptrdiff_t)loss->shard->first * slice->class_weight.step[0];
    slice->class_weight.shape[0] = loss->shard->classes;
    loss->class_weight = &slice->class_weight;
}

bool xent_slice_plan(struct xent_slice *slice, const struct xent_settings *settings, const struct xent_row_steps *steps,
                     struct xent_drive *drive)
{
    struct xent_loss *loss = &slice->stats.loss;
    xent_loss_plan(loss, settings, steps, loss->logits->numel, drive);
    drive->call = slice;
    slice_weights(slice);
    if (loss->options.logit_scale != 1 || loss->options.softcap != 0)
        xent_row_type_scale(&loss->type, loss->options.logit_scale, loss->options.softcap);
    drive->merges = false;
    if (loss->logits->numel == 0) drive->parallel.rows = 0;
    if (drive->parallel.rows == 0) return false;
    xent_loss_plan_rows(loss, false, drive);
    return true;
}

static void plan_reduce(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_slice *slice = call;
    slice->stats.extra = (struct xent_extra){ .heat = true, .first = true };
    if (xent_slice_plan(slice, settings, &xent_slice_to_states, drive)) drive->keeps_chunks = true;
}

static void plan_gradient(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_slice *slice = call;
    if (xent_slice_plan(slice, settings, &to_gradient, drive)) xent_loss_find_divisor(&slice->stats.loss);
}

/* A row is some numbers, and takes about as long as so many logits. */
enum { LOGITS_PER_STATE = 64 };

static void plan_finish(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_slice *slice = call;
    struct xent_loss *loss = &slice->stats.loss;
    int64_t work;
    if (__builtin_mul_overflow(loss->walk.count, (int64_t)LOGITS_PER_STATE, &work)) work = INT64_MAX;
    xent_loss_plan(loss, settings, slice->stats.given == NULL ? &to_losses : &to_stats, work, drive);
    drive->call = slice;
    drive->block = XENT_BLOCK;
    xent_loss_find_divisor(loss);
}

const struct xent_operation xent_partial_reduce_operation = { .check = xent_partial_reduce_check, .plan = plan_reduce };
const struct xent_operation xent_partial_grad_operation = { .check = xent_partial_grad_check, .plan = plan_gradient };

static void end_finish(const void *call, double total)
{
    const struct xent_slice *slice = call;
    xent_loss_end(&slice->stats.loss, total);
}

const struct xent_operation xent_partial_finish_operation = { .check = xent_partial_finish_check,
                                                              .plan = plan_finish,
                                                              .end = end_finish };
