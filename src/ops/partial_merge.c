/* Merging the states of all parts of rows: a row at a time, by the row's own tree where all parts are nodes of it. */
#include <math.h>
#include <stdio.h>

#include "args/check.h"
#include "args/element.h"
#include "ops/partial.h"

/* ---- Checks --------------------------------------------------------------------------------------------------------- */

static XENT_COLD xent_status fail_difference(int32_t part, const char *field, int64_t value, int64_t expected)
{
    return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "shards[%d].%s is %lld, expected %lld, as in shards[0]", (int)part, field,
                     (long long)value, (long long)expected);
}

static XENT_COLD xent_status fail_shard(int32_t part, const xent_shard *shard)
{
    char prefix[XENT_STATES_NAME];
    (void)snprintf(prefix, sizeof prefix, "shards[%d].", (int)part);
    return xent_shard_check(prefix, shard);
}

static xent_status check_shards(const struct xent_merge *merge)
{
    const xent_shard *model = merge->shards;
    for (int32_t i = 0; i < merge->parts; i++) {
        const xent_shard *shard = &merge->shards[i];
        if (!xent_shard_is_valid(shard)) return fail_shard(i, shard);
        if (shard->of != model->of) return fail_difference(i, "of", shard->of, model->of);
        if (shard->dtype != model->dtype) return fail_difference(i, "dtype", shard->dtype, model->dtype);
    }
    return XENT_OK;
}

static xent_status check_cover(const struct xent_merge *merge)
{
    const int64_t of = merge->shards->of;
    int64_t end = 0;
    for (int32_t i = 0; i < merge->parts; i++) {
        const xent_shard *shard = &merge->shards[i];
        if (shard->classes == 0) continue;
        if (shard->first != end)
            return xent_fail(XENT_ERROR_SHAPE, "shards[%d].first is %lld, expected %lld, where those before it end", (int)i,
                             (long long)shard->first, (long long)end);
        end += shard->classes;
    }
    if (end == of) return XENT_OK;
    return xent_fail(XENT_ERROR_SHAPE, "shards end at class %lld, expected %lld, all of the classes", (long long)end,
                     (long long)of);
}

static struct xent_states part_of(const struct xent_merge *merge, int32_t i)
{
    return (struct xent_states){ "partials", i, merge->partials[i], merge->rows, &merge->shards[i] };
}

static xent_status check_memory(const struct xent_merge *merge)
{
    const xent_shard row = { .classes = merge->shards->of, .of = merge->shards->of, .dtype = merge->shards->dtype };
    const struct xent_states whole = { "whole", -1, merge->whole, merge->rows, &row };
    struct xent_tensor out, in;
    char text[XENT_STATES_NAME];
    XENT_TRY(xent_states_span(&whole, &out));
    for (int32_t i = 0; i < merge->parts; i++) {
        struct xent_states states = part_of(merge, i);
        XENT_TRY(xent_states_span(&states, &in));
        if (xent_tensors_overlap(&out, &in))
            return xent_fail_overlapping("whole", &out, xent_states_name(&states, text), &in, false);
    }
    return XENT_OK;
}

static xent_status check_values(const struct xent_merge *merge)
{
    for (int32_t i = 0; i < merge->parts; i++) {
        struct xent_states states = part_of(merge, i);
        XENT_TRY(xent_states_check(&states, 0));
    }
    return XENT_OK;
}

static xent_status check(void *call)
{
    struct xent_merge *merge = call;
    XENT_TRY(xent_check_not_null("shards", merge->shards));
    XENT_TRY(xent_check_not_null("partials", merge->partials));
    if (merge->rows > 0) XENT_TRY(xent_check_not_null("whole", merge->whole));
    if (merge->parts < 1) return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "parts is %d, expected at least 1", (int)merge->parts);
    XENT_TRY(check_shards(merge));
    if (merge->rows < 0) return xent_fail(XENT_ERROR_SHAPE, "rows is %lld, expected >= 0", (long long)merge->rows);
    XENT_TRY(check_cover(merge));
    XENT_TRY(check_memory(merge));
    return check_values(merge);
}

/* ---- A row ---------------------------------------------------------------------------------------------------------- */

/* Of the states so far, in their order: the tree that they make up, the one that has the row's first maximum, and the target's value. */
struct merging {
    struct xent_tree tree;
    int64_t count;
    struct xent_state leader;
    int64_t argmax;
    double target;
};

/* States of an unaligned cut are the leaves of a tree of their own. */
static void add_state(const struct xent_merge *merge, const xent_partial *partial, int64_t index, int32_t level,
                      struct merging *m)
{
    const struct xent_state state = xent_partial_state(partial);
    const struct xent_node node = { level, index >> level, state }, leaf = { 0, m->count, state };
    xent_tree_push(&m->tree, merge->type.kernels->real, merge->aligned ? &node : &leaf);
    if (m->count++ == 0 || xent_state_leads(&state, &m->leader)) {
        m->leader = state;
        m->argmax = partial->argmax;
    }
    if (m->target != m->target) m->target = partial->target;
}

static xent_partial merge_row(const struct xent_merge *merge, int64_t row)
{
    struct merging m = { .target = (double)NAN };
    struct xent_state state;
    xent_tree_begin(&m.tree);
    for (int32_t i = 0; i < merge->parts; i++) {
        const struct xent_run run = xent_shard_run(&merge->shards[i]);
        const xent_partial *partial = merge->partials[i];
        if (run.count > 0) partial += row * xent_shard_states(&merge->shards[i]);
        for (int64_t at = 0, n; at < run.count; at += n) {
            int32_t level = xent_run_level(&run, at);
            n = xent_run_chunks(&run, at, level);
            add_state(merge, partial++, run.index + at, level, &m);
        }
    }
    state = xent_tree_total(&m.tree, merge->type.kernels->real);
    return xent_partial_of(&state, m.target, m.argmax);
}

static void begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row)
{
    const struct xent_merge *merge = call;
    (void)memory;
    row->number = xent_walk_row(&merge->walk, position);
}

static void finish(const void *call, struct xent_row *rows, size_t count)
{
    const struct xent_merge *merge = call;
    for (size_t i = 0; i < count; i++) merge->whole[rows[i].number] = merge_row(merge, rows[i].number);
}

/* ---- The operation -------------------------------------------------------------------------------------------------- */

/* A state takes about as long as so many logits. */
enum { LOGITS_PER_STATE = 128 };

static void plan(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    static const struct xent_row_steps steps = { .begin = begin, .finish = finish };
    struct xent_merge *merge = call;
    const xent_dtype dtype = (xent_dtype)merge->shards->dtype;
    const struct xent_tensor model = { .dtype = dtype, .size = xent_element_size(dtype) };
    const struct xent_tensor rows = { .ndim = 1, .shape = { merge->rows } };
    const struct xent_operand operand = { &rows, XENT_NO_AXIS };
    int64_t states = 0, work;
    merge->aligned = true;
    for (int32_t i = 0; i < merge->parts; i++) {
        merge->aligned &= xent_shard_is_aligned(&merge->shards[i]);
        states += xent_shard_states(&merge->shards[i]);
    }
    xent_row_type_init(&merge->type, &model, 0, settings->kernels);
    xent_walk_plan(&merge->walk, &operand, 1);
    xent_drive_init(drive, merge, &steps, &merge->type, &merge->walk);
    if (__builtin_mul_overflow(merge->rows, states * LOGITS_PER_STATE, &work)) work = INT64_MAX;
    xent_parallel_plan(&drive->parallel, settings, 0, merge->rows, 1, work);
    drive->block = XENT_BLOCK;
}

const struct xent_operation xent_partial_merge_operation = { .check = check, .plan = plan };
