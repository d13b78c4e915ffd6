#include "core/softmax_backward.h"

#include "core/chunk.h"

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
    if (!contiguous(backward, backward->result) || !contiguous(backward, backward->out)) scratch->logits = chunk * shape->size;
    if (!contiguous(backward, backward->upstream)) scratch->upstream = chunk * shape->size;
    scratch->coef = chunk * sizeof(double);
}

xent_status xent_softmax_backward_plan(struct xent_softmax_backward *backward, const struct xent_kernels *kernels,
                                       int32_t threads)
{
    const struct xent_tensor *result = backward->result;
    const struct xent_operand operands[] = { [WALK_RESULT] = { result, backward->axis },
                                             [WALK_UPSTREAM] = { backward->upstream, backward->axis },
                                             [WALK_OUT] = { backward->out, backward->axis } };
    backward->shape = xent_row_shape_of(result->dtype, result->shape[backward->axis], kernels);
    xent_walk_plan(&backward->walk, operands, 3);
    plan_scratch(backward);
    xent_parallel_plan(&backward->parallel, threads, backward->walk.count, result->numel);
    return xent_scratch_allocate(&backward->scratch, backward->parallel.tasks);
}

/* The first pass sums up the upstream gradient, for softmax times p; the second reads both again. */
static void run_row(const struct xent_softmax_backward *backward, const struct xent_line *result,
                    const struct xent_line *upstream, const struct xent_line *out, const struct xent_row_scratch *scratch)
{
    const struct xent_row_shape *shape = &backward->shape;
    struct xent_coefficients coefficients = { .probability = *upstream, .hot = 1 };
    struct xent_state sums = xent_row_dot(shape, result, &coefficients, scratch);
    bool in_memory = xent_row_is_contiguous(shape, out->step);
    for (int64_t from = 0; from < shape->classes; from += XENT_CHUNK) {
        size_t n = xent_chunk_size(shape, from);
        const void *value = xent_chunk_of(shape, result, from, n, scratch->logits, false);
        const void *gradient = xent_chunk_of(shape, upstream, from, n, scratch->upstream, false);
        void *to = in_memory ? out->at + from * (ptrdiff_t)shape->size : scratch->logits;
        if (backward->of_logarithm)
            shape->kernels->log_softmax_backward(value, gradient, to, n, sums.coef);
        else
            shape->kernels->softmax_backward(value, gradient, to, n, -sums.gap);
        xent_chunk_put(shape, to, n, out, from);
    }
}

static void run_rows(void *job, int64_t task, int64_t from, int64_t to)
{
    const struct xent_softmax_backward *backward = job;
    struct xent_row_scratch scratch = xent_scratch_of(&backward->scratch, task);
    struct xent_position position;
    xent_walk_seek(&backward->walk, from, &position);
    for (; from < to; from++, xent_walk_next(&backward->walk, &position)) {
        struct xent_line result = xent_line_of(backward->result, backward->axis, position.offset[WALK_RESULT]);
        struct xent_line upstream = xent_line_of(backward->upstream, backward->axis, position.offset[WALK_UPSTREAM]);
        struct xent_line out = xent_line_of(backward->out, backward->axis, position.offset[WALK_OUT]);
        run_row(backward, &result, &upstream, &out, &scratch);
    }
}

void xent_softmax_backward_run(struct xent_softmax_backward *backward)
{
    if (backward->out->numel > 0) xent_parallel_run(&backward->parallel, backward->walk.count, run_rows, backward);
    xent_scratch_free(&backward->scratch);
}
