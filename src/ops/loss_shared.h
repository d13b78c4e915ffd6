/* A loss's rows that all tasks share, chunk by chunk: what is known of one stands in its record between the passes. */
#ifndef XENT_OPS_LOSS_SHARED_H
#define XENT_OPS_LOSS_SHARED_H

#include "ops/loss.h"

size_t xent_loss_shared_record(void);

/* For struct xent_passes, but for the job. */
void xent_loss_shared_begin(const struct xent_loss *loss, int64_t shared);
void xent_loss_shared_first(const struct xent_loss *loss, int64_t task, int64_t shared, struct xent_span span);
void xent_loss_shared_between(const struct xent_loss *loss, int64_t shared, struct xent_sum *sum);
void xent_loss_shared_second(const struct xent_loss *loss, int64_t task, int64_t shared, struct xent_span span);

#endif
