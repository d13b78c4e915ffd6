/* The backward of softmax and log_softmax over a batch of rows. */
#ifndef XENT_OPS_SOFTMAX_BACKWARD_H
#define XENT_OPS_SOFTMAX_BACKWARD_H

#include "run/drive.h"

/* Which of the two, with the arguments' names in xent.h. */
struct xent_softmax_backward_kind {
    const char *result, *upstream, *like_result;
    bool of_logarithm; /* the sum is that of the upstream gradient, else that of its product with the result */
};
extern const struct xent_softmax_backward_kind xent_of_softmax, xent_of_log_softmax;

struct xent_softmax_backward {
    /* the caller's arguments, all of one dtype and shape */
    const struct xent_softmax_backward_kind *kind;
    const struct xent_tensor *result; /* of the forward pass: p or logp */
    const struct xent_tensor *upstream;
    struct xent_tensor *out;
    int32_t given_axis;

    int32_t axis; /* from the checks */

    /* the plan */
    struct xent_row_type type;
    struct xent_walk walk;
    struct xent_line line[3];               /* of the first row, by operand */
    int64_t block;                          /* rows whose operands the first-level cache holds between the passes */
    bool streams;                           /* the output goes past the caches */
    size_t copy, upstream_copy, multiplied; /* offsets in a task's memory; the last of F64 alone */
    size_t tile_upstream;                   /* likewise, of rows side by side */
};

/* The operands that are walked row by row. */
enum { XENT_BACKWARD_RESULT, XENT_BACKWARD_UPSTREAM, XENT_BACKWARD_OUT, XENT_BACKWARD_OPERANDS };
_Static_assert(XENT_BACKWARD_OPERANDS <= XENT_WALK_OPERANDS, "a walk has room for the operands of a backward");

extern const struct xent_operation xent_softmax_backward_operation;

/* Rows of one chunk whose lines are contiguous, of F32 and 16 bits, without looking at each for how it goes. */
xent_results_fn xent_softmax_backward_rows;

/* Rows side by side. */
extern const struct xent_tile_steps xent_softmax_backward_tile_steps;

#endif
