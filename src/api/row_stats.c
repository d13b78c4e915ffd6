/* Public functions: statistics of each row, and the struct that says which are wanted. */
#include "args/struct.h"
#include "ops/stats.h"

xent_status xent_row_stats(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                           const xent_stats *stats)
{
    struct xent_row_stats call;
    xent_loss_init(&call.loss, logits, target, options);
    call.given = stats;
    return xent_call(&xent_row_stats_operation, &call);
}

void xent_stats_init(xent_stats *stats, size_t struct_size)
{
    static const xent_stats defaults = XENT_STATS_INIT;
    xent_struct_init(stats, struct_size, &defaults, sizeof defaults);
}
