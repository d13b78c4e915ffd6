/* Targets, class weights and row weights: how to read them, and their checks. The dtypes and shapes have been checked before. */
#ifndef XENT_ARGS_TARGET_H
#define XENT_ARGS_TARGET_H

#include "args/element.h"
#include "args/walk.h"

#define XENT_CLASSES_UNKNOWN (-1)

/* Whether targets are class indices, and how to tell an ignored one. */
struct xent_target_rule {
    xent_dtype dtype;
    bool indices;
    bool may_ignore; /* false where no value of the dtype equals ignore_index, as for U64 and a negative one */
    int64_t ignore_index;
    int64_t classes; /* XENT_CLASSES_UNKNOWN: any index is fine */
};

static inline void xent_target_rule_init(struct xent_target_rule *rule, const struct xent_tensor *target, int64_t ignore_index,
                                         int64_t classes)
{
    rule->dtype = target->dtype;
    rule->indices = !target->floating;
    rule->may_ignore = rule->indices && !(target->dtype == XENT_U64 && ignore_index < 0);
    rule->ignore_index = ignore_index;
    rule->classes = classes;
}

static inline bool xent_target_ignored(const struct xent_target_rule *rule, int64_t index)
{
    return rule->may_ignore && index == rule->ignore_index;
}

/* Every weight is finite and >= 0. */
xent_status xent_check_weights(const struct xent_tensor *class_weight);

/* Weight of a class; 1 without class weights. */
double xent_weight_of(const struct xent_tensor *class_weight, int64_t class_index);

/* The same of n classes, given class weights. */
void xent_weights_of(const struct xent_tensor *class_weight, const int64_t *class_index, size_t n, double *weight);

/* Weight of a row, `offset` bytes behind the first one. */
static inline double xent_row_weight_at(const struct xent_tensor *row_weight, ptrdiff_t offset)
{
    return xent_load_float(row_weight->dtype, (const char *)row_weight->data + offset);
}

/* Every weight is finite and >= 0; the first in row-major order that is not is named. The weights are the walk's `operand`. */
xent_status xent_check_row_weights(const struct xent_tensor *row_weight, const struct xent_walk *walk, int32_t operand);

/* Checks every class index, in row-major order, and counts those that are not ignored. The target is the walk's `operand`. */
xent_status xent_check_indices(const struct xent_tensor *target, const struct xent_walk *walk, int32_t operand,
                               const struct xent_target_rule *rule, int64_t *counted);

#endif
