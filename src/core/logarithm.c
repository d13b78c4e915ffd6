#include "core/logarithm.h"

#include "core/element.h"

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
    logarithm->step_x = walk->step[WALK_X][walk->ndim];
    logarithm->step_out = walk->step[WALK_OUT][walk->ndim];
    walk->count /= logarithm->shape.classes;
}

xent_status xent_logarithm_plan(struct xent_logarithm *logarithm, const struct xent_kernels *kernels, int32_t threads)
{
    struct xent_row_shape *shape = &logarithm->shape;
    const struct xent_operand operands[] = {
        [WALK_X] = { logarithm->x, XENT_NO_AXIS }, [WALK_OUT] = { logarithm->out, XENT_NO_AXIS }
    };
    *shape = xent_row_shape_of(logarithm->x->dtype, 1, kernels);
    xent_walk_plan(&logarithm->walk, operands, 2);
    take_run(logarithm);
    xent_scratch_none(&logarithm->scratch);
    if (!xent_row_is_contiguous(shape, logarithm->step_x) || !xent_row_is_contiguous(shape, logarithm->step_out))
        logarithm->scratch.logits = (shape->classes < XENT_CHUNK ? (size_t)shape->classes : XENT_CHUNK) * shape->size;
    xent_parallel_plan(&logarithm->parallel, threads, logarithm->walk.count, logarithm->x->numel);
    return xent_scratch_allocate(&logarithm->scratch, logarithm->parallel.tasks);
}

static void run_by_copy(const struct xent_logarithm *logarithm, const char *x, char *out, void *copy)
{
    const struct xent_row_shape *shape = &logarithm->shape;
    for (int64_t from = 0; from < shape->classes; from += XENT_CHUNK) {
        size_t n = shape->classes - from < XENT_CHUNK ? (size_t)(shape->classes - from) : XENT_CHUNK;
        xent_gather(shape->dtype, x + (ptrdiff_t)from * logarithm->step_x, logarithm->step_x, n, copy);
        shape->kernels->log(copy, copy, n);
        xent_scatter(shape->dtype, copy, n, out + (ptrdiff_t)from * logarithm->step_out, logarithm->step_out);
    }
}

static void run_rows(void *job, int64_t task, int64_t from, int64_t to)
{
    const struct xent_logarithm *logarithm = job;
    struct xent_row_scratch scratch = xent_scratch_of(&logarithm->scratch, task);
    struct xent_position position;
    if (from < to) xent_walk_seek(&logarithm->walk, from, &position);
    for (; from < to; from++, xent_walk_next(&logarithm->walk, &position)) {
        const char *x = (const char *)logarithm->x->data + position.offset[WALK_X];
        char *out = (char *)logarithm->out->data + position.offset[WALK_OUT];
        if (scratch.logits == NULL)
            logarithm->shape.kernels->log(x, out, (size_t)logarithm->shape.classes);
        else
            run_by_copy(logarithm, x, out, scratch.logits);
    }
}

void xent_logarithm_run(struct xent_logarithm *logarithm)
{
    xent_parallel_run(&logarithm->parallel, logarithm->walk.count, run_rows, logarithm);
    xent_scratch_free(&logarithm->scratch);
}
