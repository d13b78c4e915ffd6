/* softmax, log_softmax and logsumexp over a batch of rows. */
#ifndef XENT_OPS_SOFTMAX_H
#define XENT_OPS_SOFTMAX_H

#include "ops/terms.h"
#include "run/drive.h"

enum xent_softmax_kind { XENT_SOFTMAX, XENT_LOG_SOFTMAX, XENT_LOGSUMEXP };

struct xent_softmax {
    /* the caller's arguments */
    enum xent_softmax_kind kind;
    const struct xent_tensor *z;
    struct xent_tensor *out; /* the batch shape for logsumexp, else z's */
    int32_t given_axis;

    int32_t axis; /* from the checks */

    /* the plan */
    struct xent_row_type type, converted; /* of z's elements, and of an output's of another dtype */
    const struct xent_row_type *written;  /* the one of the two that the output has */
    struct xent_walk walk;
    enum xent_terms_place terms_place; /* of softmax; the others keep none */
    size_t copy, prepared, terms;      /* offsets in a task's memory, the last in a row's */
};

/* The operands that are walked row by row. */
enum { XENT_SOFTMAX_Z, XENT_SOFTMAX_OUT, XENT_SOFTMAX_OPERANDS };
_Static_assert(XENT_SOFTMAX_OPERANDS <= XENT_WALK_OPERANDS, "a walk has room for the operands of a softmax");

extern const struct xent_operation xent_softmax_operation;

/* Rows side by side, of each kind. */
extern const struct xent_tile_steps xent_softmax_tile_steps[];

#endif
