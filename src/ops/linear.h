/* Cross entropy of a linear layer's logits, a block of them at a time: the call from its arguments to its products. */
#ifndef XENT_OPS_LINEAR_H
#define XENT_OPS_LINEAR_H

#include "ops/loss.h"

struct xent_linear_loss {
    /* the caller's arguments */
    const xent_linear *given;
    struct xent_tensor *grad_hidden, *grad_weight, *grad_bias; /* NULL: not wanted */

    /* Target, options, loss and grad_loss of the whole batch, and after the checks its logits. Its grad_logits are NULL. */
    struct xent_loss loss;

    /* from the checks */
    xent_linear layer;
    struct xent_tensor logits; /* a shape and a dtype without memory */
    int64_t rows, classes, features;
};

/* Checks all arguments in the order of xent.h. */
xent_status xent_linear_check(void *call);

static inline bool xent_linear_has_gradient(const struct xent_linear_loss *call)
{
    return call->grad_hidden != NULL || call->grad_weight != NULL || call->grad_bias != NULL;
}

/* The classes of a block, and how many blocks those of a row are in. */
static inline int64_t xent_linear_block_classes(const struct xent_linear_loss *call)
{
    const int64_t classes = call->layer.block_classes;
    return classes == 0 || classes > call->classes ? call->classes : classes;
}
static inline int64_t xent_linear_tiles(const struct xent_linear_loss *call)
{
    return call->classes == 0 ? 1 : (call->classes - 1) / xent_linear_block_classes(call) + 1;
}

extern const struct xent_operation xent_linear_cross_entropy_operation;

#endif
