#include "args/element.h"
#include "ops/loss_row.h"
#include "ops/loss_shared.h"
#include "ops/loss_tile.h"

struct job {
    const struct xent_loss *loss;
    struct xent_sum *sums; /* one per task, and one for the rows that they share */
};

static void run_block(const struct xent_loss *loss, struct xent_position *position, size_t count,
                      const struct xent_row_scratch *scratch, struct xent_sum *sum)
{
    struct xent_loss_row row[XENT_BLOCK];
    double rest[XENT_BLOCK] = { 0 }, log1p_rest[XENT_BLOCK];
    struct xent_position first = *position;
    for (size_t i = 0; i < count; i++, xent_walk_next(&loss->walk, position)) {
        struct xent_row_scratch own = xent_scratch_of_row(scratch, &loss->shape, i);
        xent_loss_row_begin(loss, position, &own, &row[i]);
        xent_loss_row_reduce(loss, &own, &row[i]);
        xent_loss_row_add_target(&row[i]);
        rest[i] = row[i].state.rest;
    }
    loss->shape.kernels->real->log1p(rest, log1p_rest, count);
    for (size_t i = 0; i < count; i++, xent_walk_next(&loss->walk, &first)) {
        struct xent_row_scratch own = xent_scratch_of_row(scratch, &loss->shape, i);
        if (loss->loss != NULL)
            xent_loss_row_deliver(loss, &row[i], log1p_rest[i], (char *)loss->loss->data + first.offset[XENT_WALK_LOSS], sum);
        if (loss->grad_logits != NULL) xent_loss_row_write_gradient(loss, &row[i], &first, log1p_rest[i], &own);
    }
}

static void run_rows(void *context, int64_t task, int64_t from, int64_t to)
{
    const struct job *job = context;
    const struct xent_loss *loss = job->loss;
    struct xent_row_scratch scratch = xent_scratch_of(&loss->scratch, task);
    struct xent_position position;
    xent_sum_begin(&job->sums[task], from);
    if (from < to) xent_walk_seek(&loss->walk, from, &position);
    while (from < to) {
        int64_t count = to - from < loss->block ? to - from : loss->block;
        if (loss->tiled)
            count = xent_loss_run_tile(loss, &position, to - from, &scratch, &job->sums[task]);
        else
            run_block(loss, &position, (size_t)count, &scratch, &job->sums[task]);
        from += count;
    }
}

static void begin_shared(void *context, int64_t shared)
{
    const struct job *job = context;
    const struct xent_parallel *parallel = &job->loss->parallel;
    if (shared == 0) xent_sum_begin(&job->sums[parallel->tasks], parallel->rows - parallel->shared);
    xent_loss_shared_begin(job->loss, shared);
}

static void first_pass(void *context, int64_t task, int64_t shared, struct xent_span span)
{
    xent_loss_shared_first(((const struct job *)context)->loss, task, shared, span);
}

static void between(void *context, int64_t shared)
{
    const struct job *job = context;
    xent_loss_shared_between(job->loss, shared, &job->sums[job->loss->parallel.tasks]);
}

static void second_pass(void *context, int64_t task, int64_t shared, struct xent_span span)
{
    xent_loss_shared_second(((const struct job *)context)->loss, task, shared, span);
}

/* Over all rows, whose tasks have each summed up theirs. */
static double total_of(const struct xent_parallel *parallel, struct xent_sum *sums)
{
    struct xent_sum total;
    if (parallel->tasks == 1) return xent_sum_total(sums);
    xent_sum_begin(&total, 0);
    for (int64_t task = 0; task < parallel->tasks && parallel->rows > parallel->shared; task++)
        xent_sum_join(&total, &sums[task]);
    if (parallel->shared > 0) xent_sum_join(&total, &sums[parallel->tasks]);
    return xent_sum_total(&total);
}

/* A gradient of log-probabilities that sums up nothing has but the second pass. */
static const struct xent_passes *passes_of(const struct xent_loss *loss)
{
    static const struct xent_passes forward = { run_rows, begin_shared, first_pass, between, NULL };
    static const struct xent_passes gradient = { run_rows, begin_shared, first_pass, between, second_pass };
    static const struct xent_passes only_second = { run_rows, begin_shared, second_pass, NULL, NULL };
    if (loss->grad_logits == NULL) return &forward;
    return loss->source == XENT_FROM_LOG_PROBS && loss->loss == NULL ? &only_second : &gradient;
}

void xent_loss_run(struct xent_loss *loss)
{
    struct xent_sum alone;
    struct job job = { loss, loss->parallel.tasks > 1 ? loss->scratch.sums : &alone };
    xent_parallel_run(&loss->parallel, passes_of(loss), &job);
    if (loss->loss != NULL && loss->options.reduction != XENT_REDUCTION_NONE)
        xent_store_float(loss->loss->dtype, loss->loss->data, total_of(&loss->parallel, job.sums) / loss->divisor);
    xent_scratch_free(&loss->scratch);
}
