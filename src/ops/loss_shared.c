#include "ops/loss_shared.h"

#include "ops/loss_row.h"

struct record {
    struct xent_position position;
    struct xent_loss_row row;
    double log1p_rest;
};

size_t xent_loss_shared_record(void) { return sizeof(struct record); }

void xent_loss_shared_begin(const struct xent_loss *loss, int64_t shared)
{
    struct record *record = xent_scratch_record(&loss->scratch, shared);
    struct xent_row_scratch scratch = xent_scratch_shared(&loss->scratch, 0, shared);
    xent_walk_seek(&loss->walk, loss->walk.count - loss->parallel.shared + shared, &record->position);
    xent_loss_row_begin(loss, &record->position, &scratch, &record->row);
    record->log1p_rest = 0;
}

void xent_loss_shared_first(const struct xent_loss *loss, int64_t task, int64_t shared, struct xent_span span)
{
    const struct record *record = xent_scratch_record(&loss->scratch, shared);
    struct xent_row_scratch scratch = xent_scratch_shared(&loss->scratch, task, shared);
    xent_loss_row_reduce_span(loss, &record->row, &scratch, span);
}

void xent_loss_shared_between(const struct xent_loss *loss, int64_t shared, struct xent_sum *sum)
{
    struct record *record = xent_scratch_record(&loss->scratch, shared);
    struct xent_row_scratch scratch = xent_scratch_shared(&loss->scratch, 0, shared);
    xent_loss_row_merge(loss, &scratch, &record->row);
    xent_loss_row_add_target(&record->row);
    loss->shape.kernels->real->log1p(&record->row.state.rest, &record->log1p_rest, 1);
    if (loss->loss != NULL)
        xent_loss_row_deliver(loss, &record->row, record->log1p_rest,
                              (char *)loss->loss->data + record->position.offset[XENT_WALK_LOSS], sum);
}

void xent_loss_shared_second(const struct xent_loss *loss, int64_t task, int64_t shared, struct xent_span span)
{
    const struct record *record = xent_scratch_record(&loss->scratch, shared);
    struct xent_row_scratch scratch = xent_scratch_shared(&loss->scratch, task, shared);
    xent_loss_row_write_span(loss, &record->row, &record->position, record->log1p_rest, &scratch, span);
}
