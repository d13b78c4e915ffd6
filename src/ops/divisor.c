/* The automatic divisor of MEAN, summed in the canonical order of rows (rows/sum.h). */
#include "ops/divisor.h"

#include "args/check.h"
#include "args/element.h"
#include "args/options.h"
#include "rows/sum.h"

/* What n rows, a step apart, count: their weights, times those of their classes; 0 where the class is ignored. */
static void read_counts(const struct xent_divisor_rows *rows, const struct xent_position *position, size_t n, double *count)
{
    const struct xent_walk *walk = rows->walk;
    const bool may_ignore = rows->rule->may_ignore;
    const char *target;
    int64_t index[XENT_LEAF_ROWS];
    double of_class[XENT_LEAF_ROWS];
    bool ignored[XENT_LEAF_ROWS];
    for (size_t i = 0; i < n; i++) count[i] = 1;
    if (rows->row_weight != NULL)
        xent_gather_doubles(rows->row_weight->dtype,
                            (const char *)rows->row_weight->data + position->offset[rows->weight_operand],
                            xent_walk_step(walk, rows->weight_operand), n, count);
    if (!rows->rule->indices) return;
    target = (const char *)rows->target->data + position->offset[rows->target_operand];
    xent_gather_indices(rows->rule->dtype, target, xent_walk_step(walk, rows->target_operand), n, index);
    for (size_t i = 0; i < n && may_ignore; i++) ignored[i] = xent_target_ignored(rows->rule, index[i]);
    for (size_t i = 0; i < n && may_ignore; i++) index[i] = ignored[i] ? 0 : index[i];
    if (rows->class_weight != NULL && rows->row_weight == NULL) {
        xent_weights_of(rows->class_weight, index, n, count);
    } else if (rows->class_weight != NULL) {
        xent_weights_of(rows->class_weight, index, n, of_class);
        for (size_t i = 0; i < n; i++) count[i] *= of_class[i];
    }
    for (size_t i = 0; i < n && may_ignore; i++) count[i] = ignored[i] ? 0 : count[i];
}

double xent_divisor_sum(const struct xent_divisor_rows *rows)
{
    const struct xent_walk *walk = rows->walk;
    struct xent_position position;
    struct xent_sum sum;
    xent_sum_begin(&sum, rows->kernels == NULL ? &xent_kernels_scalar : rows->kernels, 0);
    xent_walk_start(&position);
    for (int64_t row = 0, n = 0; row < walk->count; row += n) {
        size_t room;
        double *counts = xent_sum_place(&sum, &room);
        if (row > 0) xent_walk_advance(walk, &position, n);
        n = xent_walk_run(walk, &position);
        if (n > XENT_LEAF_ROWS) n = XENT_LEAF_ROWS;
        if (n > (int64_t)room) n = (int64_t)room;
        read_counts(rows, &position, (size_t)n, counts);
        xent_sum_placed(&sum, (size_t)n);
    }
    return xent_sum_total(&sum);
}

/* C: from a floating target's axis; for class indices from the class weights, if there are any. */
static xent_status check_class_weight(const struct xent_tensor *target, const struct xent_tensor *weight,
                                      struct xent_target_rule *rule, int32_t axis)
{
    if (weight == NULL) return XENT_OK;
    if (!rule->indices) return xent_check_weight_shape(weight, target->shape[axis]);
    rule->classes = weight->numel;
    return xent_check_weight_rank(weight);
}

static xent_status check_shapes(const struct xent_tensor *target, const xent_options *options, struct xent_target_rule *rule,
                                int32_t *axis)
{
    *axis = XENT_NO_AXIS;
    if (!rule->indices) {
        XENT_TRY(xent_check_axis("target", target, options->axis, axis));
        XENT_TRY(xent_check_class_count("target", target, *axis));
    }
    XENT_TRY(check_class_weight(target, options->class_weight, rule, *axis));
    if (options->row_weight == NULL) return XENT_OK;
    return xent_check_shape("row_weight", options->row_weight, target, *axis, "the batch shape");
}

/* Whatever dtype the target has, it is of one kind or the other. */
static xent_status check_dtypes(const xent_options *options)
{
    if (options->class_weight != NULL) XENT_TRY(xent_check_floating("class_weight", options->class_weight));
    return options->row_weight == NULL ? XENT_OK : xent_check_floating("row_weight", options->row_weight);
}

static xent_status check_values(struct xent_divisor_rows *rows)
{
    rows->counted = rows->walk->count;
    if (rows->class_weight != NULL) XENT_TRY(xent_check_weights(rows->class_weight));
    if (rows->row_weight != NULL) XENT_TRY(xent_check_row_weights(rows->row_weight, rows->walk, rows->weight_operand));
    if (!rows->rule->indices) return XENT_OK;
    return xent_check_indices(rows->target, rows->walk, rows->target_operand, rows->rule, &rows->counted);
}

/* Without a class all rows are ignored, and there is no weight to read in their place. */
static const struct xent_tensor *weight_to_read(const struct xent_tensor *class_weight)
{
    return class_weight != NULL && class_weight->numel == 0 ? NULL : class_weight;
}

static xent_status check(void *call)
{
    struct xent_divisor *divisor = call;
    const struct xent_tensor *target = divisor->target;
    struct xent_target_rule rule;
    struct xent_walk walk;
    struct xent_divisor_rows rows;
    xent_options options;
    int32_t axis;
    XENT_TRY(xent_check_not_null("target", target));
    XENT_TRY(xent_check_not_null("divisor", divisor->divisor));
    XENT_TRY(xent_options_read(divisor->given, &options));
    xent_target_rule_init(&rule, target, options.ignore_index, XENT_CLASSES_UNKNOWN);
    XENT_TRY(check_dtypes(&options));
    XENT_TRY(check_shapes(target, &options, &rule, &axis));
    xent_walk_plan(&walk, (const struct xent_operand[]){ { target, axis }, { options.row_weight, XENT_NO_AXIS } }, 2);
    rows = (struct xent_divisor_rows){ .target = target,
                                       .rule = &rule,
                                       .class_weight = weight_to_read(options.class_weight),
                                       .row_weight = options.row_weight,
                                       .walk = &walk,
                                       .target_operand = 0,
                                       .weight_operand = 1 };
    XENT_TRY(check_values(&rows));
    divisor->value = xent_divisor_of(&rows);
    return XENT_OK;
}

/* No rows to go through: the checks have read all there is. */
const struct xent_operation xent_divisor_operation = { .check = check };
