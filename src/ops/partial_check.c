/* The checks of rows of which a call has some classes alone, in the order of xent.h. */
#include "args/element.h"
#include "args/struct.h"
#include "ops/loss_check.h"
#include "ops/partial.h"

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
    return xent_states_check(&whole, 0);
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

/* ---- Rows whose states are exchanged -------------------------------------------------------------------------------- */

static xent_status check_exchange_null(struct xent_exchange_call *call)
{
    static const struct xent_struct_words words = { "exchange", "xent_exchange", "field" };
    const struct xent_loss *loss = &call->slice.stats.loss;
    XENT_TRY(xent_check_not_null("logits", loss->logits));
    XENT_TRY(xent_check_not_null("shard", loss->shard));
    if (loss->with_gradient) XENT_TRY(xent_check_not_null("target", loss->target));
    XENT_TRY(xent_check_not_null("exchange", call->given));
    XENT_TRY(xent_struct_read(&words, call->given, sizeof call->exchange, &call->exchange));
    if (call->exchange.run == NULL) return xent_fail_null("exchange->run");
    return loss->logits->numel > 0 ? xent_check_not_null("whole", call->whole) : XENT_OK;
}

static xent_status check_exchange(const struct xent_exchange_call *call)
{
    const xent_exchange *exchange = &call->exchange;
    const bool gradient = call->slice.stats.loss.with_gradient;
    if (exchange->block_rows < 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "exchange->block_rows is %lld, expected 0 (all rows) or more",
                         (long long)exchange->block_rows);
    if (exchange->entropy != 0 && exchange->entropy != 1)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "exchange->entropy is %d, expected 0 or 1", (int)exchange->entropy);
    if (exchange->entropy == 1 && gradient)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "exchange->entropy is 1, expected 0: grad_logits is wanted");
    if (exchange->reserved == 0) return XENT_OK;
    return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "exchange->reserved is %d, expected 0", (int)exchange->reserved);
}

/* Merged rows are an output before they are an input. */
xent_status xent_partial_exchange_check(void *checked)
{
    struct xent_exchange_call *call = checked;
    struct xent_slice *slice = &call->slice;
    struct xent_loss *loss = &slice->stats.loss;
    XENT_TRY(check_exchange_null(call));
    XENT_TRY(check_options(slice));
    XENT_TRY(check_exchange(call));
    XENT_TRY(check_dtype(loss));
    XENT_TRY(xent_stats_check_shapes(&slice->stats));
    slice->whole = call->whole;
    XENT_TRY(check_whole(slice, &call->merged));
    loss->whole = NULL;
    XENT_TRY(xent_loss_check_output(loss, &loss->options, "whole", &slice->states, false));
    loss->whole = &slice->states;
    XENT_TRY(xent_stats_check_outputs(&slice->stats));
    return xent_stats_check_values(&slice->stats);
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
    bool members = false;
    if (stats->given != NULL) XENT_TRY(xent_stats_read(stats));
    for (int member = 0; member < XENT_STATS_MEMBERS; member++) members |= stats->out[member] != NULL;
    if (!members) stats->given = NULL; /* beside a loss, a struct without a member is none */
    if (!members && stats->loss.loss == NULL && stats->loss.grad_logits == NULL)
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

/* A row that is finite has its heat, or an entropy was not foreseen. */
static xent_status check_heats(const struct xent_slice *slice)
{
    for (int64_t row = 0; row < slice->stats.loss.walk.count; row++) {
        const xent_partial *state = &slice->whole[row];
        if (state->heat != state->heat && state->rest == state->rest)
            return xent_fail(XENT_ERROR_INVALID_ARGUMENT,
                             "whole[%lld] has no heat, which its entropy is made of: exchanged without entropy",
                             (long long)row);
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
    if (slice->has_target && wants_loss(slice)) XENT_TRY(check_targets(slice));
    return slice->stats.out[XENT_STATS_ENTROPY] != NULL ? check_heats(slice) : XENT_OK;
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
