#include "core/softmax.h"

#include <math.h>

#include "core/element.h"

enum { WALK_Z, WALK_OUT };

static void plan_scratch(struct xent_softmax *softmax, bool per_class)
{
    const struct xent_row_shape *shape = &softmax->shape;
    struct xent_scratch *scratch = &softmax->scratch;
    bool gathered = !xent_row_is_contiguous(shape, softmax->z->step[softmax->axis]);
    bool scattered = per_class && !xent_row_is_contiguous(shape, softmax->out->step[softmax->axis]);
    size_t classes = (size_t)shape->classes, chunk = classes < XENT_CHUNK ? classes : XENT_CHUNK;
    xent_scratch_none(scratch);
    if (softmax->walk.count == 0) return;
    if (gathered || scattered) scratch->logits = chunk * shape->size;
    if (softmax->kind != XENT_SOFTMAX) return;
    if (scattered || shape->real != shape->dtype) scratch->terms = classes * shape->real_size;
    scratch->chunks = (size_t)xent_chunk_count(shape->classes) * sizeof(struct xent_chunk);
}

xent_status xent_softmax_plan(struct xent_softmax *softmax, const struct xent_kernels *kernels, int32_t threads)
{
    bool per_class = softmax->kind != XENT_LOGSUMEXP;
    const struct xent_operand operands[] = {
        [WALK_Z] = { softmax->z, softmax->axis }, [WALK_OUT] = { softmax->out, per_class ? softmax->axis : XENT_NO_AXIS }
    };
    softmax->shape = xent_row_shape_of(softmax->z->dtype, softmax->z->shape[softmax->axis], kernels);
    xent_walk_plan(&softmax->walk, operands, 2);
    plan_scratch(softmax, per_class);
    xent_parallel_plan(&softmax->parallel, threads, softmax->walk.count, softmax->z->numel);
    return xent_scratch_allocate(&softmax->scratch, softmax->parallel.tasks);
}

static void softmax_row(const struct xent_row_shape *shape, const struct xent_line *z, const struct xent_line *out,
                        const struct xent_row_scratch *scratch)
{
    static const struct xent_row_gradient plain = { 1, 1, 0, NULL, -1, 0 };
    char *terms = scratch->terms != NULL ? scratch->terms : out->at;
    struct xent_state state = xent_row_reduce(shape, z, NULL, terms, scratch);
    if (xent_state_is_finite(&state))
        xent_row_write(shape, &state, &plain, z, terms, out, scratch, xent_row_all(shape));
    else
        xent_row_fill(shape, out, (double)NAN, xent_row_all(shape));
}

static void log_softmax_row(const struct xent_row_shape *shape, const struct xent_line *z, const struct xent_line *out,
                            const struct xent_row_scratch *scratch)
{
    struct xent_state state = xent_row_reduce(shape, z, NULL, NULL, scratch);
    double log1p_rest;
    shape->kernels->log1p(&state.rest, &log1p_rest, 1);
    if (xent_state_is_finite(&state))
        xent_row_log_probs(shape, z, state.max, log1p_rest, out, scratch, xent_row_all(shape));
    else
        xent_row_fill(shape, out, (double)NAN, xent_row_all(shape));
}

/* Without classes, and where all are -inf, the sum is 0; +inf stays, and a NaN is in `rest`. */
static double logsumexp_row(const struct xent_row_shape *shape, const struct xent_line *z,
                            const struct xent_row_scratch *scratch)
{
    struct xent_state state = { -(double)INFINITY, 0, 0, 0, 0 };
    double log1p_rest;
    if (shape->classes > 0) state = xent_row_reduce(shape, z, NULL, NULL, scratch);
    shape->kernels->log1p(&state.rest, &log1p_rest, 1);
    return state.max + log1p_rest;
}

static void run_rows(void *job, int64_t task, int64_t from, int64_t to)
{
    const struct xent_softmax *softmax = job;
    const struct xent_row_shape *shape = &softmax->shape;
    struct xent_row_scratch scratch = xent_scratch_of(&softmax->scratch, task);
    struct xent_position position;
    xent_walk_seek(&softmax->walk, from, &position);
    for (; from < to; from++, xent_walk_next(&softmax->walk, &position)) {
        struct xent_line z = xent_line_of(softmax->z, softmax->axis, position.offset[WALK_Z]), out;
        if (softmax->kind == XENT_LOGSUMEXP) {
            xent_store_float(softmax->out->dtype, (char *)softmax->out->data + position.offset[WALK_OUT],
                             logsumexp_row(shape, &z, &scratch));
            continue;
        }
        out = xent_line_of(softmax->out, softmax->axis, position.offset[WALK_OUT]);
        if (softmax->kind == XENT_SOFTMAX)
            softmax_row(shape, &z, &out, &scratch);
        else
            log_softmax_row(shape, &z, &out, &scratch);
    }
}

void xent_softmax_run(struct xent_softmax *softmax)
{
    if (softmax->out->numel > 0) xent_parallel_run(&softmax->parallel, softmax->walk.count, run_rows, softmax);
    xent_scratch_free(&softmax->scratch);
}
