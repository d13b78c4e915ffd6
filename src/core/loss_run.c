#include "core/element.h"
#include "core/loss_row.h"
#include "core/loss_tile.h"

#define BLOCK_ROWS 16 /* their logarithms are taken together */

struct job {
    const struct xent_loss *loss;
    struct xent_sum *sums; /* one per task */
};

static void run_block(const struct xent_loss *loss, struct xent_position *position, size_t count,
                      const struct xent_row_scratch *scratch, struct xent_sum *sum)
{
    struct xent_loss_row row[BLOCK_ROWS];
    double rest[BLOCK_ROWS], log1p_rest[BLOCK_ROWS];
    struct xent_position first = *position;
    for (size_t i = 0; i < count; i++, xent_walk_next(&loss->walk, position)) {
        xent_loss_row_begin(loss, position, scratch, &row[i]);
        xent_loss_row_reduce(loss, scratch, &row[i]);
        xent_loss_row_add_target(&row[i]);
        rest[i] = row[i].state.rest;
    }
    loss->shape.kernels->log1p(rest, log1p_rest, count);
    for (size_t i = 0; i < count; i++, xent_walk_next(&loss->walk, &first)) {
        if (loss->loss != NULL)
            xent_loss_row_deliver(loss, &row[i], log1p_rest[i], (char *)loss->loss->data + first.offset[XENT_WALK_LOSS], sum);
        if (loss->grad_logits != NULL) xent_loss_row_write_gradient(loss, &row[i], &first, log1p_rest[i], scratch);
    }
}

static void run_rows(void *context, int64_t task, int64_t from, int64_t to)
{
    const struct job *job = context;
    const struct xent_loss *loss = job->loss;
    struct xent_row_scratch scratch = xent_scratch_of(&loss->scratch, task);
    struct xent_position position;
    /* a row's terms and chunks are used up before the next row overwrites them */
    int64_t block = loss->grad_logits != NULL ? 1 : BLOCK_ROWS;
    xent_sum_begin(&job->sums[task], from);
    if (from < to) xent_walk_seek(&loss->walk, from, &position);
    while (from < to) {
        int64_t count = to - from < block ? to - from : block;
        if (loss->tiled)
            count = xent_loss_run_tile(loss, &position, to - from, &scratch, &job->sums[task]);
        else
            run_block(loss, &position, (size_t)count, &scratch, &job->sums[task]);
        from += count;
    }
}

void xent_loss_run(struct xent_loss *loss)
{
    struct xent_sum total;
    struct job job = { loss, loss->parallel.tasks > 1 ? loss->scratch.sums : &total };
    xent_parallel_run(&loss->parallel, loss->walk.count, run_rows, &job);
    if (loss->loss != NULL && loss->options.reduction != XENT_REDUCTION_NONE) {
        if (loss->parallel.tasks > 1) {
            xent_sum_begin(&total, 0);
            for (int64_t task = 0; task < loss->parallel.tasks; task++) xent_sum_join(&total, &loss->scratch.sums[task]);
        }
        xent_store_float(loss->loss->dtype, loss->loss->data, xent_sum_total(&total) / loss->divisor);
    }
    xent_scratch_free(&loss->scratch);
}
