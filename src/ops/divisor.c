/* The automatic divisor of MEAN, summed in the canonical order of rows (rows/sum.h). */
#include "ops/divisor.h"

#include "args/check.h"
#include "args/element.h"
#include "args/options.h"
#include "rows/sum.h"

double xent_divisor_of_indices(const struct xent_tensor *target, const struct xent_walk *walk, int32_t operand,
                               const struct xent_target_rule *rule, const struct xent_tensor *class_weight, int64_t counted)
{
    struct xent_position position;
    struct xent_sum sum;
    /* a sum of ones is exact in any order */
    if (class_weight == NULL) return (double)counted;
    xent_sum_begin(&sum, 0);
    xent_walk_start(&position);
    for (int64_t row = 0; row < walk->count; row++, xent_walk_next(walk, &position)) {
        int64_t index = xent_load_index(rule->dtype, (const char *)target->data + position.offset[operand]);
        xent_sum_row(&sum, xent_target_ignored(rule, index) ? 0 : xent_weight_of(class_weight, index));
    }
    return xent_sum_total(&sum);
}

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

static xent_status check(void *call)
{
    struct xent_divisor *divisor = call;
    const struct xent_tensor *target = divisor->target, *weight;
    struct xent_target_rule rule;
    struct xent_walk walk;
    xent_options options;
    int64_t counted;
    int32_t axis;
    XENT_TRY(xent_check_not_null("target", target));
    XENT_TRY(xent_check_not_null("divisor", divisor->divisor));
    XENT_TRY(xent_options_read(divisor->given, &options));
    weight = options.class_weight;
    xent_target_rule_init(&rule, target, options.ignore_index, XENT_CLASSES_UNKNOWN);
    if (!rule.indices) XENT_TRY(xent_check_floating("target", target));
    if (weight != NULL) XENT_TRY(xent_check_floating("class_weight", weight));
    XENT_TRY(check_shapes(target, &options, &rule, &axis));
    if (weight != NULL) XENT_TRY(xent_check_weights(weight));
    xent_walk_plan(&walk, &(struct xent_operand){ target, axis }, 1);
    divisor->value = (double)walk.count;
    if (!rule.indices) return XENT_OK;
    XENT_TRY(xent_check_indices(target, &walk, 0, &rule, &counted));
    divisor->value = xent_divisor_of_indices(target, &walk, 0, &rule, weight, counted);
    return XENT_OK;
}

/* No rows to go through: the checks have read all there is. */
const struct xent_operation xent_divisor_operation = { .check = check };
