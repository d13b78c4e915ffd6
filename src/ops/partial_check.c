/* The checks of rows of which a call has some classes alone, in the order of xent.h. */
#include <stdio.h>

#include "args/element.h"
#include "ops/loss_check.h"
#include "ops/partial.h"

/* ---- States --------------------------------------------------------------------------------------------------------- */

const char *xent_states_name(const struct xent_states *states, char text[XENT_STATES_NAME])
{
    if (states->part < 0) return states->name;
    (void)snprintf(text, XENT_STATES_NAME, "%s[%d]", states->name, (int)states->part);
    return text;
}

static XENT_COLD xent_status fail_addressing(const struct xent_states *states, int64_t per_row)
{
    char text[XENT_STATES_NAME];
    return xent_fail(XENT_ERROR_OVERFLOW, "%s: %lld rows of %lld states exceed %lld bytes", xent_states_name(states, text),
                     (long long)states->rows, (long long)per_row, (long long)PTRDIFF_MAX);
}

static XENT_COLD xent_status fail_memory(const struct xent_states *states, size_t alignment)
{
    char text[XENT_STATES_NAME];
    const char *name = xent_states_name(states, text);
    if (states->at == NULL) return xent_fail_null(name);
    return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "%s is misaligned: its address is %zu beyond a multiple of %zu", name,
                     (size_t)((uintptr_t)states->at % alignment), alignment);
}

xent_status xent_states_span(const struct xent_states *states, struct xent_tensor *span)
{
    const size_t alignment = xent_element_alignment(XENT_F64);
    const int64_t per_row = xent_shard_states(states->shard);
    int64_t count;
    ptrdiff_t bytes;
    if (__builtin_mul_overflow(states->rows, per_row, &count) ||
        __builtin_mul_overflow(count, (int64_t)sizeof(xent_partial), &bytes))
        return fail_addressing(states, per_row);
    if ((count > 0 && states->at == NULL) || (uintptr_t)states->at % alignment != 0) return fail_memory(states, alignment);
    *span = (struct xent_tensor){ .distinct = true, .numel = count, .end = bytes, .size = sizeof(xent_partial) };
    xent_tensor_place(span, (void *)(uintptr_t)states->at);
    return XENT_OK;
}

static XENT_COLD xent_status fail_state(const struct xent_states *states, const xent_partial *state,
                                        struct xent_classes classes)
{
    char text[XENT_STATES_NAME];
    return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "%s[%lld] has argmax %lld, expected one of its classes, %lld to %lld",
                     xent_states_name(states, text), (long long)(state - states->at), (long long)state->argmax,
                     (long long)classes.from, (long long)classes.to - 1);
}

xent_status xent_states_check(const struct xent_states *states)
{
    const struct xent_run run = xent_shard_run(states->shard);
    const xent_partial *state = states->at;
    for (int64_t row = 0; row < states->rows; row++)
        for (int64_t at = 0, n; at < run.count; at += n, state++) {
            struct xent_classes classes;
            n = xent_run_chunks(&run, at, xent_run_level(&run, at));
            classes = xent_shard_classes(states->shard, at, n);
            if (state->argmax < classes.from || state->argmax >= classes.to) return fail_state(states, state, classes);
        }
    return XENT_OK;
}

/* ---- Rows in slices ------------------------------------------------------------------------------------------------- */

static xent_status check_options(struct xent_slice *slice)
{
    struct xent_loss *loss = &slice->stats.loss;
    loss->kind = &xent_loss_of_logits;
    slice->has_target = loss->target != NULL && !loss->target->floating;
    XENT_TRY(xent_options_read(loss->given, &loss->options));
    return xent_shard_check("shard->", loss->shard);
}

static xent_status check_dtype(const struct xent_loss *loss)
{
    xent_dtype dtype = (xent_dtype)loss->shard->dtype;
    if (loss->logits->dtype == dtype) return XENT_OK;
    return xent_fail(XENT_ERROR_DTYPE, "logits has dtype %s, expected %s, shard->dtype", xent_element_name(loss->logits->dtype),
                     xent_element_name(dtype));
}

static int64_t rows_of(const struct xent_tensor *tensor, int32_t axis)
{
    int64_t rows = 1;
    for (int32_t d = 0; d < tensor->ndim; d++)
        if (d != axis) rows *= tensor->shape[d];
    return rows;
}

xent_status xent_partial_reduce_check(void *call)
{
    struct xent_slice *slice = call;
    struct xent_loss *loss = &slice->stats.loss;
    struct xent_states states = { .name = "partials", .part = -1, .at = slice->partials, .shard = loss->shard };
    XENT_TRY(xent_check_not_null("logits", loss->logits));
    XENT_TRY(xent_check_not_null("shard", loss->shard));
    if (loss->logits->numel > 0) XENT_TRY(xent_check_not_null("partials", slice->partials));
    XENT_TRY(check_options(slice));
    XENT_TRY(check_dtype(loss));
    XENT_TRY(xent_stats_check_shapes(&slice->stats));
    states.rows = rows_of(loss->logits, loss->axis);
    XENT_TRY(xent_states_span(&states, &slice->states));
    XENT_TRY(xent_loss_check_output(loss, &loss->options, "partials", &slice->states, false));
    return xent_stats_check_values(&slice->stats);
}

/* Merged rows are states of all classes. */
static xent_status check_whole(struct xent_slice *slice, struct xent_states *whole)
{
    struct xent_loss *loss = &slice->stats.loss;
    slice->row = *loss->shard;
    slice->row.first = 0;
    slice->row.classes = slice->row.of;
    *whole = (struct xent_states){ "whole", -1, slice->whole, rows_of(loss->logits, loss->axis), &slice->row };
    XENT_TRY(xent_states_span(whole, &slice->states));
    loss->whole = &slice->states;
    return XENT_OK;
}

static xent_status check_rest(struct xent_slice *slice)
{
    struct xent_states whole;
    XENT_TRY(xent_stats_check_shapes(&slice->stats));
    XENT_TRY(check_whole(slice, &whole));
    XENT_TRY(xent_stats_check_outputs(&slice->stats));
    XENT_TRY(xent_stats_check_values(&slice->stats));
    return xent_states_check(&whole);
}

xent_status xent_partial_grad_check(void *call)
{
    struct xent_slice *slice = call;
    struct xent_loss *loss = &slice->stats.loss;
    XENT_TRY(xent_check_not_null("logits", loss->logits));
    XENT_TRY(xent_check_not_null("shard", loss->shard));
    XENT_TRY(xent_check_not_null("target", loss->target));
    if (loss->logits->numel > 0) XENT_TRY(xent_check_not_null("whole", slice->whole));
    XENT_TRY(xent_check_not_null("grad_logits", loss->grad_logits));
    XENT_TRY(check_options(slice));
    XENT_TRY(check_dtype(loss));
    return check_rest(slice);
}

/* ---- Merged rows, without logits ------------------------------------------------------------------------------------ */

/* Nothing else tells the batch shape where there is no target. */
static const struct xent_tensor *batch_of(const struct xent_slice *slice)
{
    int member = 0;
    if (slice->stats.loss.target != NULL) return slice->stats.loss.target;
    while (slice->stats.out[member] == NULL) member++;
    return slice->stats.out[member];
}

static bool wants_loss(const struct xent_slice *slice)
{
    return slice->stats.loss.loss != NULL || slice->stats.out[XENT_STATS_LOSS] != NULL;
}

static xent_status check_wanted(struct xent_slice *slice)
{
    struct xent_row_stats *stats = &slice->stats;
    bool wanted = stats->loss.loss != NULL || stats->loss.grad_logits != NULL;
    if (stats->given != NULL) XENT_TRY(xent_stats_read(stats));
    for (int member = 0; member < XENT_STATS_MEMBERS; member++) wanted |= stats->out[member] != NULL;
    if (!wanted)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "loss is NULL and stats has no member, expected at least one output");
    if (stats->out[XENT_STATS_RANK] != NULL)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "stats->rank is wanted, expected NULL: states do not tell it");
    if (!wants_loss(slice) && stats->loss.grad_logits == NULL) return XENT_OK;
    return xent_check_not_null("target", stats->loss.target);
}

/* The logits that the rows were reduced from, with no memory: of the shape of probabilities, or of the batch with the shard's classes. */
static xent_status shape_logits(struct xent_slice *slice)
{
    struct xent_loss *loss = &slice->stats.loss;
    const struct xent_tensor *batch = batch_of(slice);
    const bool probabilities = loss->target != NULL && loss->target->floating;
    static const struct xent_loss_kind of_probabilities = { .logits = "target" };
    struct xent_tensor *logits = &slice->logits;
    const xent_dtype dtype = (xent_dtype)loss->shard->dtype;
    int32_t axis;
    *logits = (struct xent_tensor){ .dtype = dtype, .floating = true, .size = xent_element_size(dtype) };
    xent_tensor_place(logits, NULL);
    loss->logits = logits;
    if (probabilities) loss->kind = &of_probabilities;
    logits->ndim = batch->ndim + !probabilities;
    if (logits->ndim > XENT_MAX_NDIM)
        return xent_fail(XENT_ERROR_SHAPE, "%s has rank %d, expected at most %d: logits have an axis more",
                         loss->target != NULL ? "target" : "the output", (int)batch->ndim, XENT_MAX_NDIM - 1);
    /* told behind the dtypes, in its turn */
    if (xent_check_axis(loss->kind->logits, logits, loss->options.axis, &axis) != XENT_OK) return XENT_OK;
    for (int32_t d = 0; d < logits->ndim; d++)
        logits->shape[d] = probabilities ? batch->shape[d] : d == axis ? loss->shard->classes : batch->shape[d - (d > axis)];
    return XENT_OK;
}

/* A row that counts has the value of its target, or a NaN somewhere. */
static xent_status check_targets(const struct xent_slice *slice)
{
    const struct xent_loss *loss = &slice->stats.loss;
    const struct xent_walk *walk = &loss->walk;
    struct xent_position position;
    xent_walk_start(&position);
    for (int64_t row = 0; row < walk->count; row++) {
        const xent_partial *state = &slice->whole[row];
        const char *at = (const char *)loss->target->data + position.offset[XENT_LOSS_TARGET];
        int64_t index = xent_load_index(loss->rule.dtype, at);
        bool ignored = xent_target_ignored(&loss->rule, index);
        if (loss->options.row_weight != NULL)
            ignored |= xent_row_weight_at(loss->options.row_weight, position.offset[XENT_LOSS_ROW_WEIGHT]) == 0;
        if (!ignored && state->target != state->target && state->rest == state->rest)
            return xent_fail(XENT_ERROR_INVALID_ARGUMENT,
                             "whole[%lld] has no value of class %lld, the target: reduced with another one, or without",
                             (long long)row, (long long)index);
        if (row + 1 < walk->count) xent_walk_next(walk, &position);
    }
    return XENT_OK;
}

xent_status xent_partial_finish_check(void *call)
{
    struct xent_slice *slice = call;
    XENT_TRY(xent_check_not_null("shard", slice->stats.loss.shard));
    XENT_TRY(check_wanted(slice));
    if (batch_of(slice)->numel > 0) XENT_TRY(xent_check_not_null("whole", slice->whole));
    XENT_TRY(check_options(slice));
    XENT_TRY(shape_logits(slice));
    XENT_TRY(check_rest(slice));
    return slice->has_target && wants_loss(slice) ? check_targets(slice) : XENT_OK;
}

/* ---- Of both, before there are merged rows -------------------------------------------------------------------------- */

static xent_status check_all_but_states(void *call)
{
    struct xent_slice *slice = call;
    XENT_TRY(xent_check_not_null("logits", slice->stats.loss.logits));
    XENT_TRY(xent_check_not_null("shard", slice->stats.loss.shard));
    XENT_TRY(check_wanted(slice));
    XENT_TRY(check_options(slice));
    XENT_TRY(check_dtype(&slice->stats.loss));
    XENT_TRY(xent_stats_check_shapes(&slice->stats));
    XENT_TRY(xent_stats_check_outputs(&slice->stats));
    return xent_stats_check_values(&slice->stats);
}

const struct xent_operation xent_partial_check_operation = { .check = check_all_but_states };
