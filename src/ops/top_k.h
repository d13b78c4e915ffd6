/* The k largest classes of each row of a batch, and their log-probabilities. */
#ifndef XENT_OPS_TOP_K_H
#define XENT_OPS_TOP_K_H

#include "run/drive.h"

struct xent_top_k_call {
    /* the caller's arguments */
    const struct xent_tensor *z;
    struct xent_tensor *index, *logp; /* either may be NULL */
    int32_t given_axis;

    /* from the checks */
    int32_t axis;
    int64_t k;

    /* the plan */
    struct xent_row_type type;          /* of the rows */
    struct xent_row_type best, written; /* of k classes each: as z's elements, and as those of logp */
    struct xent_walk walk;
    size_t gathered; /* offset in a task's memory: a chunk of strided logits */
    size_t picked, scattered,
        prepared;              /* offsets in a part of a row, behind its best classes: their logits, and on the way to logp */
    size_t tile_best, tile_at; /* offsets in a task's memory: the best classes of rows side by side, as `tile_top` has them */
};

/* The operands that are walked row by row. */
enum { XENT_TOP_K_Z, XENT_TOP_K_INDEX, XENT_TOP_K_LOGP, XENT_TOP_K_OPERANDS };
_Static_assert(XENT_TOP_K_OPERANDS <= XENT_WALK_OPERANDS, "a walk has room for the operands of top_k");

/* Where the rows of an operand that are side by side lie. */
static inline struct xent_tile_place xent_top_k_place(const struct xent_top_k_call *top_k, const struct xent_position *position,
                                                      const struct xent_tensor *tensor, int32_t operand)
{
    return (struct xent_tile_place){ .at = (char *)tensor->data + position->offset[operand],
                                     .row_step = xent_walk_step(&top_k->walk, operand),
                                     .class_step = tensor->step[top_k->axis] };
}

extern const struct xent_tile_steps xent_top_k_tile_steps;
extern const struct xent_operation xent_top_k_operation;

#endif
