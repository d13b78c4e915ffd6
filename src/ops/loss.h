/* A loss over a batch, from its arguments to its result: check, plan, run. */
#ifndef XENT_OPS_LOSS_H
#define XENT_OPS_LOSS_H

#include "args/target.h"
#include "args/walk.h"
#include "run/parallel.h"
#include "run/scratch.h"

enum xent_loss_source { XENT_FROM_LOGITS, XENT_FROM_LOG_PROBS };

/* The operands that are walked row by row; the last two are those of a gradient. */
enum { XENT_WALK_LOGITS, XENT_WALK_TARGET, XENT_WALK_LOSS, XENT_WALK_GRAD_LOSS, XENT_WALK_GRAD };

#define XENT_BLOCK 16

struct xent_loss {
    /* the caller's arguments */
    enum xent_loss_source source;
    const struct xent_tensor *logits; /* or log-probabilities */
    const struct xent_tensor *target;
    const struct xent_tensor *grad_loss; /* NULL: ones */
    struct xent_tensor *loss;
    struct xent_tensor *grad_logits; /* NULL: forward only */
    bool with_gradient;              /* the loss may then be NULL */

    /* from the checks */
    xent_options options;
    int32_t axis;
    struct xent_target_rule rule;
    double divisor;        /* of MEAN; 1 for the other reductions */
    struct xent_walk walk; /* over all operands' rows, the targets among them whose values are checked */

    /* the plan */
    struct xent_row_shape shape;
    bool tiled;    /* rows are reduced side by side */
    int64_t block; /* rows that go through each step together, up to XENT_BLOCK: none waits for another's results */
    struct xent_parallel parallel;
    struct xent_scratch scratch;
};

/* Forward, without grad_loss; the caller fills in the outputs. The scratch's local memory is left as it is. */
static inline void xent_loss_init(struct xent_loss *loss, enum xent_loss_source source, const struct xent_tensor *logits,
                                  const struct xent_tensor *target)
{
    loss->source = source;
    loss->logits = logits;
    loss->target = target;
    loss->grad_loss = NULL;
    loss->loss = NULL;
    loss->grad_logits = NULL;
    loss->with_gradient = false;
}

/* NULL arguments, options, dtypes, shapes, outputs and overlap, values: in this order. Plans the walk, by which it
   reads the targets. */
xent_status xent_loss_check(struct xent_loss *loss, const xent_options *options);

/* How the rows are computed and shared out, and memory. */
xent_status xent_loss_plan(struct xent_loss *loss, const struct xent_settings *settings);

/* Computes, writes the outputs and frees what the plan allocated. */
void xent_loss_run(struct xent_loss *loss);

#endif
