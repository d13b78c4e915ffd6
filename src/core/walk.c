#include "core/walk.h"

void xent_walk_begin(struct xent_walk *walk, const struct xent_tensor *model, int32_t axis)
{
    walk->ndim = 0;
    walk->operands = 0;
    walk->count = 1;
    for (int32_t d = 0; d < model->ndim; d++) {
        if (d == axis) continue;
        walk->extent[walk->ndim++] = model->shape[d];
        walk->count *= model->shape[d];
    }
}

int32_t xent_walk_add(struct xent_walk *walk, const struct xent_tensor *tensor, int32_t axis)
{
    ptrdiff_t *step = walk->step[walk->operands];
    int32_t ndim = 0;
    for (int32_t d = 0; d < walk->ndim; d++) step[d] = 0;
    for (int32_t d = 0; tensor != NULL && d < tensor->ndim; d++) {
        if (d == axis) continue;
        step[ndim++] = tensor->step[d];
    }
    return walk->operands++;
}

static int joins(const struct xent_walk *walk, int32_t outer, int32_t inner)
{
    for (int32_t k = 0; k < walk->operands; k++) {
        ptrdiff_t span;
        if (__builtin_mul_overflow(walk->step[k][inner], walk->extent[inner], &span) || span != walk->step[k][outer]) return 0;
    }
    return 1;
}

void xent_walk_join(struct xent_walk *walk)
{
    int32_t kept = 0;
    if (walk->count == 0) return;
    for (int32_t d = 0; d < walk->ndim; d++) {
        int join;
        if (walk->extent[d] == 1) continue;
        join = kept > 0;
        walk->extent[kept] = walk->extent[d];
        for (int32_t k = 0; k < walk->operands; k++) walk->step[k][kept] = walk->step[k][d];
        join = join && joins(walk, kept - 1, kept);
        if (!join) {
            kept++;
            continue;
        }
        walk->extent[kept - 1] *= walk->extent[kept];
        for (int32_t k = 0; k < walk->operands; k++) walk->step[k][kept - 1] = walk->step[k][kept];
    }
    walk->ndim = kept;
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
