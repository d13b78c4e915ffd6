#include "core/target.h"

#include <math.h>
#include <stdio.h>

#include "core/element.h"
#include "core/errors.h"
#include "core/sum.h"
#include "core/walk.h"

void xent_target_rule_init(struct xent_target_rule *rule, const struct xent_tensor *target, int64_t ignore_index,
                           int64_t classes)
{
    rule->dtype = target->dtype;
    rule->indices = !target->floating;
    rule->may_ignore = rule->indices && !(target->dtype == XENT_U64 && ignore_index < 0);
    rule->ignore_index = ignore_index;
    rule->classes = classes;
}

double xent_weight_of(const struct xent_tensor *class_weight, int64_t class_index)
{
    if (class_weight == NULL) return 1;
    return xent_load_float(class_weight->dtype,
                           (const char *)class_weight->data + (ptrdiff_t)class_index * class_weight->step[0]);
}

xent_status xent_check_weights(const struct xent_tensor *class_weight)
{
    if (class_weight == NULL) return XENT_OK;
    for (int64_t c = 0; c < class_weight->numel; c++) {
        double weight = xent_weight_of(class_weight, c);
        if (!(weight >= 0 && weight < (double)INFINITY))
            return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "class_weight[%lld] = %.17g, expected a finite number >= 0",
                             (long long)c, weight);
    }
    return XENT_OK;
}

#define POSITION_TEXT 176 /* eight extents of up to 19 digits in brackets */

/* The message of a bad index; `row` counts in row-major order of the target's own shape. */
static xent_status bad_index(const struct xent_tensor *target, const struct xent_target_rule *rule, int64_t row, int64_t index)
{
    char position[POSITION_TEXT] = "";
    int64_t at[XENT_MAX_NDIM];
    size_t used = 0;
    for (int32_t d = target->ndim - 1; d >= 0; d--) {
        at[d] = row % target->shape[d];
        row /= target->shape[d];
    }
    for (int32_t d = 0; d < target->ndim; d++)
        used += (size_t)snprintf(position + used, sizeof position - used, "[%lld]", (long long)at[d]);
    if (rule->dtype == XENT_U64)
        return xent_fail(XENT_ERROR_TARGET, "target%s = %llu is outside [0, %lld)", position, (unsigned long long)index,
                         (long long)rule->classes);
    return xent_fail(XENT_ERROR_TARGET, "target%s = %lld is outside [0, %lld)", position, (long long)index,
                     (long long)rule->classes);
}

xent_status xent_scan_indices(const struct xent_tensor *target, const struct xent_target_rule *rule,
                              const struct xent_tensor *class_weight, double *divisor)
{
    const struct xent_operand operand = { target, XENT_NO_AXIS };
    struct xent_walk walk;
    struct xent_position position;
    struct xent_sum sum;
    int64_t kept = 0;
    xent_walk_plan(&walk, &operand, 1);
    xent_sum_begin(&sum, 0);
    if (walk.count > 0) xent_walk_seek(&walk, 0, &position);
    for (int64_t row = 0, run; row < walk.count; row += run) {
        const char *at = (const char *)target->data + position.offset[0];
        ptrdiff_t step = xent_walk_step(&walk, 0);
        run = xent_walk_run(&walk, &position);
        for (int64_t i = 0; i < run; i++, at += step) {
            int64_t index = xent_load_index(rule->dtype, at);
            bool ignored = xent_target_ignored(rule, index);
            if (!ignored && rule->classes != XENT_CLASSES_UNKNOWN && (uint64_t)index >= (uint64_t)rule->classes)
                return bad_index(target, rule, row + i, index);
            kept += !ignored;
            if (class_weight != NULL) xent_sum_row(&sum, ignored ? 0 : xent_weight_of(class_weight, index));
        }
        if (row + run < walk.count) xent_walk_advance(&walk, &position, run);
    }
    /* a sum of ones is exact in any order */
    *divisor = class_weight != NULL ? xent_sum_total(&sum) : (double)kept;
    return XENT_OK;
}
