#include "ops/softmax_backward.h"

#include "rows/chunk.h"

enum { WALK_RESULT, WALK_UPSTREAM, WALK_OUT };

static bool contiguous(const struct xent_softmax_backward *backward, const struct xent_tensor *tensor)
{
    return xent_row_is_contiguous(&backward->shape, tensor->step[backward->axis]);
}

static void plan_scratch(struct xent_softmax_backward *backward)
{
    const struct xent_row_shape *shape = &backward->shape;
    struct xent_scratch *scratch = &backward->scratch;
    size_t chunk = shape->classes < XENT_CHUNK ? (size_t)shape->classes : XENT_CHUNK;
    xent_scratch_none(scratch);
    if (backward->walk.count == 0) return;
    if (!contiguous(backward, backward->result) || !contiguous(backward, backward->out))
        xent_scratch_need(scratch, &scratch->logits, chunk * shape->size);
    if (!contiguous(backward, backward->upstream)) xent_scratch_need(scratch, &scratch->upstream, chunk * shape->size);
    xent_scratch_need(scratch, &scratch->coef, chunk * sizeof(double));
    xent_scratch_need_record(scratch, &backward->parallel, sizeof(struct xent_state));
}

xent_status xent_softmax_backward_plan(struct xent_softmax_backward *backward, const struct xent_settings *settings)
{
    const struct xent_tensor *result = backward->result;
    const struct xent_operand operands[] = { [WALK_RESULT] = { result, backward->axis },
                                             [WALK_UPSTREAM] = { backward->upstream, backward->axis },
                                             [WALK_OUT] = { backward->out, backward->axis } };
    xent_row_shape_init(&backward->shape, result, result->shape[backward->axis], settings->kernels);
    xent_walk_plan(&backward->walk, operands, 3);
    xent_parallel_plan(&backward->parallel, settings, 0, backward->walk.count, backward->shape.classes, result->numel);
    plan_scratch(backward);
    return xent_scratch_allocate(&backward->scratch, &backward->parallel);
}

struct row {
    struct xent_line result, out;
    struct xent_coefficients upstream; /* without weights */
};

static struct row row_at(const struct xent_softmax_backward *backward, const struct xent_position *position)
{
    struct xent_line upstream = xent_line_of(backward->upstream, backward->axis, position->offset[WALK_UPSTREAM]);
    return (struct row){ xent_line_of(backward->result, backward->axis, position->offset[WALK_RESULT]),
                         xent_line_of(backward->out, backward->axis, position->offset[WALK_OUT]),
                         { .probability = upstream, .hot = 1 } };
}

/* The first pass has summed up the upstream gradient, for softmax times p; this one reads both again. */
static void write_span(const struct xent_softmax_backward *backward, const struct row *row, const struct xent_state *sums,
                       const struct xent_row_scratch *scratch, struct xent_span span)
{
    const struct xent_row_shape *shape = &backward->shape;
    bool in_memory = xent_row_is_contiguous(shape, row->out.step);
    for (int64_t i = span.from; i < span.to; i++) {
        int64_t from = i * XENT_CHUNK;
        size_t n = xent_chunk_size(shape, from);
        const void *value = xent_chunk_of(shape, &row->result, from, n, scratch->logits, false);
        const void *gradient = xent_chunk_of(shape, &row->upstream.probability, from, n, scratch->upstream, false);
        void *to = in_memory ? row->out.at + from * (ptrdiff_t)shape->size : scratch->logits;
        if (backward->of_logarithm)
            shape->kernels->log_softmax_backward(value, gradient, to, n, sums->coef);
        else
            shape->kernels->softmax_backward(value, gradient, to, n, -sums->gap);
        xent_chunk_put(shape, to, n, &row->out, from);
    }
}

static void run_rows(void *job, int64_t task, int64_t from, int64_t to)
{
    const struct xent_softmax_backward *backward = job;
    struct xent_row_scratch scratch = xent_scratch_of(&backward->scratch, task);
    struct xent_position position;
    xent_walk_seek(&backward->walk, from, &position);
    for (; from < to; from++, xent_walk_next(&backward->walk, &position)) {
        struct row row = row_at(backward, &position);
        struct xent_state sums = xent_row_dot(&backward->shape, &row.result, &row.upstream, &scratch);
        write_span(backward, &row, &sums, &scratch, xent_row_all(&backward->shape));
    }
}

/* ---- Shared rows --------------------------------------------------------------------------------------------------------- */

static struct row shared_row(const struct xent_softmax_backward *backward, int64_t shared)
{
    struct xent_position position;
    xent_walk_seek(&backward->walk, backward->walk.count - backward->parallel.shared + shared, &position);
    return row_at(backward, &position);
}

static void first_pass(void *job, int64_t task, int64_t shared, struct xent_span span)
{
    const struct xent_softmax_backward *backward = job;
    struct xent_row_scratch scratch = xent_scratch_shared(&backward->scratch, task, shared);
    struct row row = shared_row(backward, shared);
    xent_row_dot_span(&backward->shape, &row.result, &row.upstream, &scratch, span);
}

static void between(void *job, int64_t shared)
{
    const struct xent_softmax_backward *backward = job;
    struct xent_row_scratch scratch = xent_scratch_shared(&backward->scratch, 0, shared);
    struct xent_state *sums = xent_scratch_record(&backward->scratch, shared);
    *sums = xent_row_merge(&backward->shape, scratch.chunks);
}

static void second_pass(void *job, int64_t task, int64_t shared, struct xent_span span)
{
    const struct xent_softmax_backward *backward = job;
    struct xent_row_scratch scratch = xent_scratch_shared(&backward->scratch, task, shared);
    struct row row = shared_row(backward, shared);
    write_span(backward, &row, xent_scratch_record(&backward->scratch, shared), &scratch, span);
}

void xent_softmax_backward_run(struct xent_softmax_backward *backward)
{
    static const struct xent_passes passes = { run_rows, NULL, first_pass, between, second_pass };
    if (backward->out->numel > 0) xent_parallel_run(&backward->parallel, &passes, backward);
    xent_scratch_free(&backward->scratch);
}
