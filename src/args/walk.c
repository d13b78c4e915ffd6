/* Planning a walk, and moving along one. The shapes of the operands have been found to agree. */
#include "args/walk.h"

void xent_walk_join_last(struct xent_walk *walk)
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
