/* Public functions: classes cut into shards, the states of their rows, and what comes of them. */
#include "ops/partial.h"
#include "args/struct.h"

xent_status xent_shard_cut(int64_t of, xent_dtype dtype, int32_t parts, int32_t part, xent_shard *shard)
{
    return xent_shard_make(of, dtype, parts, part, shard);
}

int64_t xent_partials_per_row(const xent_shard *shard)
{
    return shard == NULL || !xent_shard_is_valid(shard) ? 0 : xent_shard_states(shard);
}

xent_status xent_partial_reduce(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                                const xent_options *options, xent_partial *partials)
{
    struct xent_slice call;
    xent_slice_init(&call, logits, shard, target, options);
    call.partials = partials;
    return xent_call(&xent_partial_reduce_operation, &call);
}

xent_status xent_partial_merge(int32_t parts, const xent_shard *shards, const xent_partial *const *partials, int64_t rows,
                               xent_partial *whole)
{
    struct xent_merge call = { .parts = parts, .shards = shards, .partials = partials, .rows = rows, .whole = whole };
    return xent_call(&xent_partial_merge_operation, &call);
}

xent_status xent_partial_finish(const xent_partial *whole, const xent_shard *shard, const xent_tensor *target,
                                const xent_options *options, const xent_stats *stats, xent_tensor *loss)
{
    struct xent_slice call;
    xent_slice_init(&call, NULL, shard, target, options);
    call.whole = whole;
    call.stats.given = stats;
    call.stats.loss.loss = loss;
    return xent_call(&xent_partial_finish_operation, &call);
}

xent_status xent_partial_grad(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                              const xent_options *options, const xent_partial *whole, const xent_tensor *grad_loss,
                              xent_tensor *grad_logits)
{
    struct xent_slice call;
    xent_slice_init(&call, logits, shard, target, options);
    call.whole = whole;
    call.stats.loss.with_gradient = true;
    call.stats.loss.grad_loss = grad_loss;
    call.stats.loss.grad_logits = grad_logits;
    return xent_call(&xent_partial_grad_operation, &call);
}

void xent_exchange_init(xent_exchange *exchange, size_t struct_size)
{
    static const xent_exchange defaults = XENT_EXCHANGE_INIT;
    xent_struct_init(exchange, struct_size, &defaults, sizeof defaults);
}

xent_status xent_partial_exchange(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                                  const xent_options *options, const xent_exchange *exchange, const xent_tensor *grad_loss,
                                  xent_partial *whole, xent_tensor *grad_logits)
{
    struct xent_exchange_call call = { .given = exchange, .whole = whole };
    xent_slice_init(&call.slice, logits, shard, target, options);
    call.slice.stats.loss.with_gradient = grad_logits != NULL;
    call.slice.stats.loss.grad_loss = grad_loss;
    call.slice.stats.loss.grad_logits = grad_logits;
    return xent_call(&xent_partial_exchange_operation, &call);
}

xent_status xent_partial_check(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                               const xent_options *options, const xent_stats *stats, const xent_tensor *grad_loss,
                               xent_tensor *loss, xent_tensor *grad_logits)
{
    struct xent_slice call;
    xent_slice_init(&call, logits, shard, target, options);
    call.stats.given = stats;
    call.stats.loss.loss = loss;
    call.stats.loss.with_gradient = grad_logits != NULL;
    call.stats.loss.grad_loss = grad_loss;
    call.stats.loss.grad_logits = grad_logits;
    return xent_call(&xent_partial_check_operation, &call);
}
