/* Planning a walk, and moving along one. The shapes of the operands have been found to agree. */
#include "args/walk.h"

/* Joins the last dimension to the one before it, if every operand comes from the end of the one to the start of the next. */
static void join_last(struct xent_walk *walk)
{
    int32_t inner = walk->ndim - 1, outer = inner - 1;
    for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++) {
        ptrdiff_t span;
        if (__builtin_mul_overflow(walk->step[inner][k], walk->extent[inner], &span) || span != walk->step[outer][k]) return;
    }
    walk->extent[outer] *= walk->extent[inner];
    memcpy(walk->step[outer], walk->step[inner], sizeof walk->step[outer]);
    walk->ndim--;
}

/* Appends a dimension: of index `batch` in an operand without an axis, or before it. */
static inline void add_dimension(struct xent_walk *walk, const struct xent_operand *operands, int32_t count, int64_t extent,
                                 int32_t batch)
{
    ptrdiff_t *step = walk->step[walk->ndim];
    walk->extent[walk->ndim] = extent;
    memset(step, 0, sizeof walk->step[0]);
    for (int32_t k = 0; k < count; k++)
        if (operands[k].tensor != NULL) step[k] = operands[k].tensor->step[batch + (batch >= operands[k].axis)];
    if (walk->ndim++ > 0) join_last(walk);
}

void xent_walk_plan(struct xent_walk *walk, const struct xent_operand *operands, int32_t count)
{
    const struct xent_tensor *model = operands->tensor;
    int32_t axis = operands->axis;
    walk->ndim = 0;
    walk->count = 1;
    for (int32_t d = 0; d < model->ndim; d++) {
        int64_t extent = model->shape[d];
        if (d == axis) continue;
        walk->count *= extent;
        if (extent != 1) add_dimension(walk, operands, count, extent, d - (d > axis));
    }
}

void xent_walk_seek_from_start(const struct xent_walk *walk, int64_t row, struct xent_position *position)
{
    for (int32_t d = walk->ndim - 1; d >= 0 && row > 0; d--) {
        position->index[d] = row % walk->extent[d];
        row /= walk->extent[d];
        for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++)
            position->offset[k] += (ptrdiff_t)position->index[d] * walk->step[d][k];
    }
}

void xent_walk_advance(const struct xent_walk *walk, struct xent_position *position, int64_t n)
{
    int32_t d = walk->ndim - 1;
    for (; d >= 0; d--, n = 1) {
        for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++) position->offset[k] += (ptrdiff_t)n * walk->step[d][k];
        position->index[d] += n;
        if (position->index[d] < walk->extent[d]) return;
        for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++) position->offset[k] -= (ptrdiff_t)walk->extent[d] * walk->step[d][k];
        position->index[d] = 0;
    }
}

void xent_walk_next(const struct xent_walk *walk, struct xent_position *position) { xent_walk_advance(walk, position, 1); }
