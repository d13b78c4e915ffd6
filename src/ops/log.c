#include "ops/log.h"

#include "rows/chunk.h"

enum { WALK_X, WALK_OUT };

/* Takes the innermost dimension of the joined walk as the run; a tensor without dimensions is a run of one. */
static void take_run(struct xent_logarithm *logarithm)
{
    struct xent_walk *walk = &logarithm->walk;
    logarithm->shape.classes = 1;
    logarithm->step_x = logarithm->step_out = 0;
    if (walk->ndim == 0 || walk->count == 0) return;
    walk->ndim--;
    logarithm->shape.classes = walk->extent[walk->ndim];
    logarithm->step_x = walk->step[walk->ndim][WALK_X];
    logarithm->step_out = walk->step[walk->ndim][WALK_OUT];
    walk->count /= logarithm->shape.classes;
}

xent_status xent_logarithm_plan(struct xent_logarithm *logarithm, const struct xent_settings *settings)
{
    struct xent_row_shape *shape = &logarithm->shape;
    const struct xent_operand operands[] = {
        [WALK_X] = { logarithm->x, XENT_NO_AXIS }, [WALK_OUT] = { logarithm->out, XENT_NO_AXIS }
    };
    xent_row_shape_init(shape, logarithm->x, 1, settings->kernels);
    xent_walk_plan(&logarithm->walk, operands, 2);
    take_run(logarithm);
    xent_scratch_none(&logarithm->scratch);
    if (!xent_row_is_contiguous(shape, logarithm->step_x) || !xent_row_is_contiguous(shape, logarithm->step_out))
        xent_scratch_need(&logarithm->scratch, &logarithm->scratch.logits,
                          (shape->classes < XENT_CHUNK ? (size_t)shape->classes : XENT_CHUNK) * shape->size);
    xent_parallel_plan(&logarithm->parallel, settings, 0, logarithm->walk.count, shape->classes, logarithm->x->numel);
    return xent_scratch_allocate(&logarithm->scratch, &logarithm->parallel);
}

static void run_span(const struct xent_logarithm *logarithm, const struct xent_position *position,
                     const struct xent_row_scratch *scratch, struct xent_span span)
{
    const struct xent_row_shape *shape = &logarithm->shape;
    struct xent_line x = { (char *)logarithm->x->data + position->offset[WALK_X], logarithm->step_x, shape->dtype };
    struct xent_line out = { (char *)logarithm->out->data + position->offset[WALK_OUT], logarithm->step_out, shape->dtype };
    bool in_memory = xent_row_is_contiguous(shape, out.step);
    for (int64_t i = span.from; i < span.to; i++) {
        int64_t from = i * XENT_CHUNK;
        size_t n = xent_chunk_size(shape, from);
        void *to = in_memory ? out.at + from * (ptrdiff_t)shape->size : scratch->logits;
        shape->kernels->log(xent_chunk_of(shape, &x, from, n, scratch->logits, false), to, n);
        xent_chunk_put(shape, to, n, &out, from);
    }
}

static void run_rows(void *job, int64_t task, int64_t from, int64_t to)
{
    const struct xent_logarithm *logarithm = job;
    struct xent_row_scratch scratch = xent_scratch_of(&logarithm->scratch, task);
    struct xent_position position;
    if (from < to) xent_walk_seek(&logarithm->walk, from, &position);
    for (; from < to; from++, xent_walk_next(&logarithm->walk, &position))
        run_span(logarithm, &position, &scratch, xent_row_all(&logarithm->shape));
}

static void run_shared(void *job, int64_t task, int64_t shared, struct xent_span span)
{
    const struct xent_logarithm *logarithm = job;
    struct xent_row_scratch scratch = xent_scratch_of(&logarithm->scratch, task);
    struct xent_position position;
    xent_walk_seek(&logarithm->walk, logarithm->walk.count - logarithm->parallel.shared + shared, &position);
    run_span(logarithm, &position, &scratch, span);
}

void xent_logarithm_run(struct xent_logarithm *logarithm)
{
    static const struct xent_passes passes = { run_rows, NULL, run_shared, NULL, NULL };
    xent_parallel_run(&logarithm->parallel, &passes, logarithm);
    xent_scratch_free(&logarithm->scratch);
}
