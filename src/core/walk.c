#include "core/walk.h"

/* Joins the last dimension to the one before it, if every operand comes from the end of the one to the start of the next. */
static void join_last(struct xent_walk *walk)
{
    int32_t inner = walk->ndim - 1, outer = inner - 1;
    if (outer < 0) return;
    for (int32_t k = 0; k < walk->operands; k++) {
        ptrdiff_t span;
        if (__builtin_mul_overflow(walk->step[k][inner], walk->extent[inner], &span) || span != walk->step[k][outer]) return;
    }
    walk->extent[outer] *= walk->extent[inner];
    for (int32_t k = 0; k < walk->operands; k++) walk->step[k][outer] = walk->step[k][inner];
    walk->ndim--;
}

void xent_walk_plan(struct xent_walk *walk, const struct xent_operand *operands, int32_t count)
{
    const struct xent_tensor *model = operands->tensor;
    walk->ndim = 0;
    walk->operands = count;
    walk->count = 1;
    for (int32_t d = 0, batch = 0; d < model->ndim; d++) {
        if (d == operands->axis) continue;
        walk->count *= model->shape[d];
        if (model->shape[d] != 1) {
            walk->extent[walk->ndim] = model->shape[d];
            for (int32_t k = 0; k < count; k++) {
                const struct xent_operand *o = &operands[k];
                int32_t own = batch + (o->axis != XENT_NO_AXIS && batch >= o->axis);
                walk->step[k][walk->ndim] = o->tensor == NULL ? 0 : o->tensor->step[own];
            }
            walk->ndim++;
            join_last(walk);
        }
        batch++;
    }
}

void xent_walk_seek(const struct xent_walk *walk, int64_t row, struct xent_position *position)
{
    for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++) position->offset[k] = 0;
    for (int32_t d = 0; d < walk->ndim; d++) position->index[d] = 0;
    for (int32_t d = walk->ndim - 1; d >= 0 && row > 0; d--) {
        position->index[d] = row % walk->extent[d];
        row /= walk->extent[d];
        for (int32_t k = 0; k < walk->operands; k++) position->offset[k] += (ptrdiff_t)position->index[d] * walk->step[k][d];
    }
}

int64_t xent_walk_run(const struct xent_walk *walk, const struct xent_position *position)
{
    int32_t last = walk->ndim - 1;
    return last < 0 ? 1 : walk->extent[last] - position->index[last];
}

void xent_walk_advance(const struct xent_walk *walk, struct xent_position *position, int64_t n)
{
    int32_t d = walk->ndim - 1;
    for (; d >= 0; d--, n = 1) {
        for (int32_t k = 0; k < walk->operands; k++) position->offset[k] += (ptrdiff_t)n * walk->step[k][d];
        position->index[d] += n;
        if (position->index[d] < walk->extent[d]) return;
        for (int32_t k = 0; k < walk->operands; k++) position->offset[k] -= (ptrdiff_t)walk->extent[d] * walk->step[k][d];
        position->index[d] = 0;
    }
}

void xent_walk_next(const struct xent_walk *walk, struct xent_position *position) { xent_walk_advance(walk, position, 1); }
