/* The automatic divisor of MEAN: what the weights of the rows that count add up to. */
#ifndef XENT_OPS_DIVISOR_H
#define XENT_OPS_DIVISOR_H

#include "args/target.h"
#include "run/operation.h"

/* Rows whose targets and weights have been checked. */
struct xent_divisor_rows {
    const struct xent_tensor *target; /* of class indices; others are not looked at */
    const struct xent_target_rule *rule;
    const struct xent_tensor *class_weight, *row_weight; /* NULL: all ones */
    const struct xent_walk *walk;
    int32_t target_operand, weight_operand; /* of the walk: the target and the row weights */
    int64_t counted;                        /* rows whose class index is not ignored; all rows of probabilities */
    const struct xent_kernels *kernels;     /* that sum up; NULL: those of any CPU, as long as none are chosen */
};

/* The sum of row weight times the target's class weight over the rows that are not ignored; of row weights, for probabilities. */
double xent_divisor_sum(const struct xent_divisor_rows *rows);

/* The same; a sum of ones is exact in any order. */
static inline double xent_divisor_of(const struct xent_divisor_rows *rows)
{
    bool ones = rows->row_weight == NULL && (rows->class_weight == NULL || !rows->rule->indices);
    return ones ? (double)rows->counted : xent_divisor_sum(rows);
}

/* Of a target without logits. */
struct xent_divisor {
    const struct xent_tensor *target;
    const xent_options *given;
    double *divisor; /* the caller's, checked for NULL */
    double value;
};

extern const struct xent_operation xent_divisor_operation;

#endif
