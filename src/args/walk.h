/* Walking the rows of strided tensors in row-major order of the batch shape. */
#ifndef XENT_ARGS_WALK_H
#define XENT_ARGS_WALK_H

#include <string.h>

#include "args/tensor.h"

#define XENT_WALK_OPERANDS 7       /* the most that an operation has; each asserts that its own fit */
#define XENT_NO_AXIS XENT_MAX_NDIM /* behind all dimensions */

/* A shape and, for each of its dimensions, how many bytes a step along it takes in each operand; 0 for one that there is not. */
struct xent_walk {
    int32_t ndim;
    int32_t last;  /* of the dimensions; 0 where there is none: its extent is then 1 and its steps are 0 */
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

/* Joins the last dimension to the one before it, if every operand comes from the end of the one to the start of the next. */
void xent_walk_join_last(struct xent_walk *walk);

/* Sets what follows from the dimensions. */
static inline void xent_walk_end_plan(struct xent_walk *walk)
{
    walk->last = walk->ndim > 0 ? walk->ndim - 1 : 0;
    if (walk->ndim > 0) return;
    walk->extent[0] = 1;
    memset(walk->step[0], 0, sizeof walk->step[0]);
}

/* Along the dimensions of the first operand but its axis, which the others share. Neighbouring dimensions that every operand steps
   through evenly are joined. A part of its caller, who knows how many operands there are and which have no axis. */
static inline __attribute__((always_inline)) void xent_walk_plan(struct xent_walk *walk, const struct xent_operand *operands,
                                                                 int32_t count)
{
    const struct xent_tensor *model = operands->tensor;
    const int32_t dimensions = model->ndim, axis = operands->axis;
    int64_t rows = 1;
    walk->ndim = 0;
    for (int32_t d = 0; d < dimensions; d++) {
        const int64_t extent = model->shape[d];
        const int32_t batch = d - (d > axis); /* of operands without an axis, or before it */
        ptrdiff_t *step = walk->step[walk->ndim];
        if (d == axis) continue;
        rows *= extent;
        if (extent == 1) continue;
        walk->extent[walk->ndim] = extent;
        for (int32_t k = 0; k < count; k++)
            step[k] = operands[k].tensor == NULL ? 0 : operands[k].tensor->step[batch + (batch >= operands[k].axis)];
        for (int32_t k = count; k < XENT_WALK_OPERANDS; k++) step[k] = 0;
        if (walk->ndim++ > 0) xent_walk_join_last(walk);
    }
    walk->count = rows;
    xent_walk_end_plan(walk);
}

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
    return walk->extent[walk->last] - position->index[walk->last];
}

/* The same of any position that begins a run. */
static inline int64_t xent_walk_whole_run(const struct xent_walk *walk) { return walk->extent[walk->last]; }

/* That step of an operand. */
static inline ptrdiff_t xent_walk_step(const struct xent_walk *walk, int32_t operand)
{
    return walk->step[walk->last][operand];
}

/* The row at a position, in row-major order. */
static inline int64_t xent_walk_row(const struct xent_walk *walk, const struct xent_position *position)
{
    int64_t row = position->index[0];
    for (int32_t d = 1; d < walk->ndim; d++) row = row * walk->extent[d] + position->index[d];
    return row;
}

/* n positions on; n is at most the run's length. */
void xent_walk_advance(const struct xent_walk *walk, struct xent_position *position, int64_t n);
static inline void xent_walk_next(const struct xent_walk *walk, struct xent_position *position)
{
    const ptrdiff_t *step = walk->step[walk->last];
    if (position->index[walk->last] + 1 >= walk->extent[walk->last]) {
        xent_walk_advance(walk, position, 1);
        return;
    }
    position->index[walk->last]++;
    for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++) position->offset[k] += step[k];
}

#endif
