/* The backward of softmax and log_softmax over a batch of rows: plan and run, after the checks. */
#ifndef XENT_OPS_SOFTMAX_BACKWARD_H
#define XENT_OPS_SOFTMAX_BACKWARD_H

#include "args/walk.h"
#include "run/parallel.h"
#include "run/scratch.h"

struct xent_softmax_backward {
    bool of_logarithm;                /* log_softmax */
    const struct xent_tensor *result; /* of the forward pass: p or logp */
    const struct xent_tensor *upstream;
    struct xent_tensor *out;
    int32_t axis;

    struct xent_row_shape shape;
    struct xent_walk walk;
    struct xent_parallel parallel;
    struct xent_scratch scratch;
};

xent_status xent_softmax_backward_plan(struct xent_softmax_backward *backward, const struct xent_settings *settings);
void xent_softmax_backward_run(struct xent_softmax_backward *backward);

#endif
