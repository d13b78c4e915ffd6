/* The automatic divisor of MEAN: what the weights of the rows that count add up to. */
#ifndef XENT_OPS_DIVISOR_H
#define XENT_OPS_DIVISOR_H

#include "args/target.h"
#include "run/operation.h"

/* Of class indices that have been checked, `counted` of which are not ignored. The target is the walk's `operand`; class_weight
   may be NULL. */
double xent_divisor_of_indices(const struct xent_tensor *target, const struct xent_walk *walk, int32_t operand,
                               const struct xent_target_rule *rule, const struct xent_tensor *class_weight, int64_t counted);

/* Of a target without logits. */
struct xent_divisor {
    const struct xent_tensor *target;
    const xent_options *given;
    double *divisor; /* the caller's, checked for NULL */
    double value;
};

extern const struct xent_operation xent_divisor_operation;

#endif
