/* Which calls' rows go side by side in tiles: a choice of speed, which no bit of a result depends on. */
#ifndef XENT_OPS_SIDE_BY_SIDE_H
#define XENT_OPS_SIDE_BY_SIDE_H

#include "args/walk.h"
#include "rows/chunk.h"
#include "run/tuning.h"

/* Where rows are short, and where neighbours in memory are of neighbouring rows instead of classes; unless a run has so few that most
   lanes would be idle. tensor: the one that decides, an operand of the walk; `operands` are read class by class. */
static inline bool xent_rows_go_side_by_side(const struct xent_tensor *tensor, int32_t axis, const struct xent_walk *walk,
                                             int32_t operand, int32_t operands)
{
    int64_t classes = tensor->shape[axis], run = xent_walk_whole_run(walk);
    int64_t bytes = operands * (int64_t)(tensor->dtype == XENT_F64 ? sizeof(double) : sizeof(float));
    bool scattered = !xent_lines_are_contiguous(tensor, axis);
    if (classes < 1 || walk->count == 0) return false;
    if (scattered && xent_walk_step(walk, operand) == (ptrdiff_t)tensor->size)
        return classes <= XENT_TILED_CLASSES && run >= XENT_ROWS_TOGETHER;
    return classes <= XENT_SHORT_BYTES / bytes && classes <= XENT_CLASSES_PER_ROW * run;
}

#endif
