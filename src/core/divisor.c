#include "core/check.h"
#include "core/loss.h"

/* C: from a floating target's axis; for class indices from the class weights, if there are any. */
static xent_status check_shapes(const struct xent_tensor *target, const xent_options *options, struct xent_target_rule *rule,
                                int32_t *axis)
{
    const struct xent_tensor *weight = options->class_weight;
    *axis = XENT_NO_AXIS;
    if (!rule->indices) {
        XENT_TRY(xent_check_axis("target", target, options->axis, axis));
        XENT_TRY(xent_check_class_count("target", target, *axis));
        return weight == NULL ? XENT_OK : xent_check_weight_shape(weight, target->shape[*axis]);
    }
    if (weight == NULL) return XENT_OK;
    rule->classes = weight->numel;
    return xent_check_weight_rank(weight);
}

xent_status xent_divisor_compute(const struct xent_tensor *target, const xent_options *options, double *divisor)
{
    const struct xent_tensor *weight = options->class_weight;
    struct xent_target_rule rule;
    struct xent_walk walk;
    int32_t axis;
    xent_target_rule_init(&rule, target, options->ignore_index, XENT_CLASSES_UNKNOWN);
    if (!rule.indices) XENT_TRY(xent_check_floating("target", target));
    if (weight != NULL) XENT_TRY(xent_check_floating("class_weight", weight));
    XENT_TRY(check_shapes(target, options, &rule, &axis));
    if (weight != NULL) XENT_TRY(xent_check_weights(weight));
    xent_walk_plan(&walk, &(struct xent_operand){ target, axis }, 1);
    if (rule.indices) return xent_scan_indices(target, &walk, 0, &rule, weight, divisor);
    *divisor = (double)walk.count;
    return XENT_OK;
}
