/* Walking the rows of strided tensors in row-major order of the batch shape. */
#ifndef XENT_ARGS_WALK_H
#define XENT_ARGS_WALK_H

#include <string.h>

#include "args/tensor.h"

#define XENT_WALK_OPERANDS 6       /* the most that an operation has; each asserts that its own fit */
#define XENT_NO_AXIS XENT_MAX_NDIM /* behind all dimensions */

/* A shape and, for each of its dimensions, how many bytes a step along it takes in each operand; 0 for one that there is not. */
struct xent_walk {
    int32_t ndim;
    int64_t count; /* product of the extents */
    int64_t extent[XENT_MAX_NDIM];
    ptrdiff_t step[XENT_MAX_NDIM][XENT_WALK_OPERANDS];
};

/* One position: byte offsets from each operand's data. */
struct xent_position {
    int64_t index[XENT_MAX_NDIM];
    ptrdiff_t offset[XENT_WALK_OPERANDS];
};

struct xent_operand {
    const struct xent_tensor *tensor; /* NULL: one that stays where it is */
    int32_t axis;                     /* the dimension that is not walked, or XENT_NO_AXIS */
};

/* Along the dimensions of the first operand but its axis, which the others share. Neighbouring dimensions that every operand steps
   through evenly are joined. */
void xent_walk_plan(struct xent_walk *walk, const struct xent_operand *operands, int32_t count);

/* To row 0; and to any row. */
static inline void xent_walk_start(struct xent_position *position)
{
    memset(position->index, 0, sizeof position->index);
    memset(position->offset, 0, sizeof position->offset);
}
void xent_walk_seek_from_start(const struct xent_walk *walk, int64_t row, struct xent_position *position);
static inline void xent_walk_seek(const struct xent_walk *walk, int64_t row, struct xent_position *position)
{
    xent_walk_start(position);
    if (row > 0) xent_walk_seek_from_start(walk, row, position);
}

/* Positions from this one on, itself included, that are one step of the last dimension apart: a run. */
static inline int64_t xent_walk_run(const struct xent_walk *walk, const struct xent_position *position)
{
    int32_t last = walk->ndim - 1;
    return last < 0 ? 1 : walk->extent[last] - position->index[last];
}

/* That step of an operand. */
static inline ptrdiff_t xent_walk_step(const struct xent_walk *walk, int32_t operand)
{
    return walk->ndim == 0 ? 0 : walk->step[walk->ndim - 1][operand];
}

/* n positions on; n is at most the run's length. */
void xent_walk_advance(const struct xent_walk *walk, struct xent_position *position, int64_t n);
void xent_walk_next(const struct xent_walk *walk, struct xent_position *position);

#endif
