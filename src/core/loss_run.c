#include "core/element.h"
#include "core/loss_row.h"

#define BLOCK_ROWS 16 /* their logarithms are taken together */

struct job {
    const struct xent_loss *loss;
    struct xent_sum *sums; /* one per task */
};

static void deliver(const struct xent_loss *loss, const struct xent_position *position, struct xent_sum *sum, double value)
{
    if (loss->loss == NULL) return;
    if (loss->options.reduction == XENT_REDUCTION_NONE)
        xent_store_float(loss->loss->dtype, (char *)loss->loss->data + position->offset[XENT_WALK_LOSS], value);
    else
        xent_sum_row(sum, value);
}

static void run_rows(void *context, int64_t task, int64_t from, int64_t to)
{
    const struct job *job = context;
    const struct xent_loss *loss = job->loss;
    struct xent_row_scratch scratch = xent_scratch_of(&loss->scratch, task);
    /* a row's terms and chunks are used up before the next row overwrites them */
    int64_t block = loss->grad_logits != NULL ? 1 : BLOCK_ROWS;
    struct xent_position position, first;
    xent_sum_begin(&job->sums[task], from);
    if (from < to) xent_walk_seek(&loss->walk, from, &position);
    for (; from < to; from += block) {
        struct xent_loss_row row[BLOCK_ROWS];
        double rest[BLOCK_ROWS], log1p_rest[BLOCK_ROWS];
        size_t count = to - from < block ? (size_t)(to - from) : (size_t)block;
        first = position;
        for (size_t i = 0; i < count; i++, xent_walk_next(&loss->walk, &position)) {
            xent_loss_row_reduce(loss, &position, &scratch, &row[i]);
            rest[i] = row[i].state.rest;
        }
        loss->shape.kernels->log1p(rest, log1p_rest, count);
        for (size_t i = 0; i < count; i++, xent_walk_next(&loss->walk, &first)) {
            deliver(loss, &first, &job->sums[task], xent_loss_row_value(loss, &row[i], log1p_rest[i]));
            if (loss->grad_logits != NULL) xent_loss_row_write_gradient(loss, &row[i], &first, log1p_rest[i], &scratch);
        }
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
