/* The stages of xent.h, for the operations of the table. */
#include "contract.h"

#include <stddef.h>

#define REFUSED(status, condition) ((condition) ? STATUS_BIT(status) : 0)

static bool is(const struct call *c, enum op op) { return c->operation == &operations[op]; }
static bool is_kl(const struct call *c) { return is(c, OP_KL_DIV) || is(c, OP_KL_DIV_GRAD); }
static bool has_options(const struct call *c) { return c->operation->options != OPTIONS_NONE; }

static const struct argument *input_of(const struct call *c) { return call_argument(c, ROLE_INPUT); }

static const struct argument *class_weight(const struct call *c) { return call_argument(c, ROLE_WEIGHT); }

static bool indices(const struct argument *target) { return target != NULL && target->dtype > XENT_BF16; }

/* ---- NULL arguments ------------------------------------------------------------------------------------------------------ */

static bool statistic_missing(const struct call *c)
{
    bool any = false;
    if (call_argument(c, CALL_STATS) == NULL || !contract_struct_size(c->stats_size, sizeof(xent_stats), c->tail)) return true;
    for (int role = ROLE_ROW_LOSS; role <= ROLE_RANK; role++) any |= call_argument(c, role) != NULL;
    const bool needs_target = call_argument(c, ROLE_ROW_LOSS) != NULL || call_argument(c, ROLE_RANK) != NULL;
    return !any || (needs_target && call_target(c) == NULL);
}

static statuses missing(const struct call *c)
{
    bool missed = c->operation->divisor && call_argument(c, CALL_DIVISOR) == NULL;
    for (int role = 0; role < ROLES; role++) {
        const bool needed = operation_takes(c->operation, (enum role)role) && (c->operation->optional & ROLE_BIT(role)) == 0;
        if (role == ROLE_CLASSES || role == ROLE_PROBABILITIES) continue;
        missed |= needed && call_argument(c, role) == NULL;
    }
    if (is(c, OP_ROW_STATS))
        missed |= statistic_missing(c);
    else if (operation_takes_target(c->operation) && !is_kl(c))
        missed |= call_target(c) == NULL;
    if (is(c, OP_TOP_K)) missed |= call_argument(c, ROLE_INDEX) == NULL && call_argument(c, ROLE_BEST) == NULL;
    return REFUSED(XENT_ERROR_INVALID_ARGUMENT, missed);
}

/* ---- Options ------------------------------------------------------------------------------------------------------------- */

static statuses options(const struct call *c)
{
    const xent_options *o = &c->options;
    const bool scaled = o->logit_scale != 1 || o->softcap != 0, smoothed = o->label_smoothing != 0 || o->z_loss != 0;
    if (call_argument(c, CALL_OPTIONS) == NULL) return 0;
    return contract_options(o, c->tail) |
           REFUSED(XENT_ERROR_INVALID_ARGUMENT,
                   (c->operation->options == OPTIONS_OF_BATCH && (scaled || smoothed)) ||
                       (c->operation->options == OPTIONS_OF_LOGITS && (smoothed || class_weight(c) != NULL)));
}

/* ---- Element types ------------------------------------------------------------------------------------------------------- */

static bool takes_dtype(const struct call *c, enum role role, const struct argument *a)
{
    const struct argument *model = c->operation->pair ? call_argument(c, ROLE_UPSTREAM) : input_of(c);
    if (role == ROLE_CLASSES || role == ROLE_PROBABILITIES)
        return indices(a) || (!is_kl(c) && call_argument(c, ROLE_RANK) == NULL);
    switch (operation_elements(c->operation, role)) {
    case ELEMENTS_FLOATING: return contract_floating(a);
    case ELEMENTS_OF_INPUT: return contract_floating(a) && a->dtype == model->dtype;
    case ELEMENTS_INDEX: return a->dtype == XENT_I64 || a->dtype == XENT_I32;
    default: return indices(a);
    }
}

static statuses dtypes(const struct call *c)
{
    bool wrong = false;
    for (int role = 0; role < ROLES; role++) {
        const struct argument *a = call_argument(c, role);
        wrong |= a != NULL && !takes_dtype(c, (enum role)role, a);
    }
    return REFUSED(XENT_ERROR_DTYPE, wrong);
}

/* ---- Ranks, axis, shapes ------------------------------------------------------------------------------------------------- */

static bool best_fits(const struct argument *best, const struct argument *z, int32_t axis)
{
    if (best == NULL) return true;
    if (best->ndim != z->ndim) return false;
    for (int32_t d = 0; d < z->ndim; d++)
        if (d != axis && best->shape[d] != z->shape[d]) return false;
    return best->shape[axis] >= 1 && best->shape[axis] <= z->shape[axis] && best->shape[axis] <= 1024;
}

static bool top_k_fits(const struct call *c, int32_t axis)
{
    const struct argument *index = call_argument(c, ROLE_INDEX), *logp = call_argument(c, ROLE_BEST);
    return best_fits(index, input_of(c), axis) && best_fits(logp, input_of(c), axis) && contract_same_shape(index, logp);
}

static bool fits(const struct call *c, enum role role, int32_t axis)
{
    const struct argument *a = call_argument(c, (int)role), *input = input_of(c);
    const bool batch = !has_options(c) || c->options.reduction == XENT_REDUCTION_NONE;
    if (a == NULL) return true;
    if (role == ROLE_CLASSES || role == ROLE_PROBABILITIES)
        return indices(a) ? contract_batch_shape(a, input, axis) : contract_same_shape(a, input);
    switch (operation_extent(c->operation, role)) {
    case EXTENT_TABLE: return contract_same_shape(a, input);
    case EXTENT_ROWS: return contract_batch_shape(a, input, axis);
    case EXTENT_REDUCED: return batch ? contract_batch_shape(a, input, axis) : argument_elements(a) == 1;
    case EXTENT_CLASSES: return a->ndim == 1 && a->shape[0] == input->shape[axis];
    default: return true; /* top_k's come together */
    }
}

/* No class, though there are rows. */
static bool no_classes(const struct argument *a, int32_t axis)
{
    if (a->shape[axis] > 0) return false;
    for (int32_t d = 0; d < a->ndim; d++)
        if (d != axis && a->shape[d] == 0) return false;
    return true;
}

static statuses divisor_shapes(const struct call *c)
{
    const struct argument *target = call_target(c), *weight = class_weight(c), *row_weight = call_argument(c, ROLE_ROW_WEIGHT);
    int32_t axis;
    if (indices(target))
        return REFUSED(XENT_ERROR_SHAPE, (weight != NULL && weight->ndim != 1) ||
                                             (row_weight != NULL && !contract_same_shape(row_weight, target)));
    if (!contract_axis(target, c->options.axis, &axis)) return STATUS_BIT(XENT_ERROR_SHAPE);
    return REFUSED(XENT_ERROR_SHAPE, no_classes(target, axis) ||
                                         (weight != NULL && (weight->ndim != 1 || weight->shape[0] != target->shape[axis])) ||
                                         !contract_batch_shape(row_weight, target, axis));
}

static statuses shapes(const struct call *c)
{
    const struct argument *input = input_of(c);
    int32_t axis = 0;
    bool wrong = false;
    if (is(c, OP_MEAN_DIVISOR)) return divisor_shapes(c);
    if (c->operation->axis && !contract_axis(input, has_options(c) ? c->options.axis : c->axis, &axis))
        return STATUS_BIT(XENT_ERROR_SHAPE);
    for (int role = 0; role < ROLES; role++) wrong |= !fits(c, (enum role)role, axis);
    if (is(c, OP_TOP_K)) wrong |= !top_k_fits(c, axis);
    if (has_options(c)) wrong |= no_classes(input, axis);
    return REFUSED(XENT_ERROR_SHAPE, wrong);
}

/* ---- Outputs and overlap ------------------------------------------------------------------------------------------------- */

static statuses output(const struct call *c, int at)
{
    const struct argument *a = call_argument(c, at);
    bool apart = contract_injective(a);
    for (int role = 0; role < ROLES; role++) {
        const struct argument *other = call_argument(c, role);
        const bool may_be = at == ROLE_OUTPUT && (c->operation->in_place & ROLE_BIT(role)) != 0;
        if (role != at && contract_overlap(a, other)) apart &= may_be && contract_in_place(a, other);
    }
    return REFUSED(XENT_ERROR_INVALID_ARGUMENT, a->read_only) | REFUSED(XENT_ERROR_OVERLAP, !apart);
}

static statuses outputs(const struct call *c)
{
    statuses refused = 0;
    for (int role = 0; role < ROLES; role++)
        if (role_rules[role].output && call_argument(c, role) != NULL) refused |= output(c, role);
    return refused;
}

/* ---- Values -------------------------------------------------------------------------------------------------------------- */

static statuses values(const struct call *c)
{
    const struct argument *target = call_target(c), *weight = class_weight(c);
    if (!contract_weights(weight)) return STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT);
    if (!contract_weights(call_argument(c, ROLE_ROW_WEIGHT))) return STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT);
    if (!indices(target)) return 0;
    if (is(c, OP_MEAN_DIVISOR) && weight == NULL) return 0;
    const int64_t classes = is(c, OP_MEAN_DIVISOR) ? weight->shape[0] : input_of(c)->shape[call_axis(c)];
    return REFUSED(XENT_ERROR_TARGET, !contract_indices(target, classes, c->options.ignore_index));
}

statuses contract_of(const struct call *c)
{
    static statuses (*const stages[])(const struct call *) = { missing, options, dtypes, shapes, outputs, values };
    statuses refused = 0;
    for (size_t k = 0; k < sizeof stages / sizeof stages[0] && refused == 0; k++) refused = stages[k](c);
    return refused != 0 ? refused : STATUS_BIT(XENT_OK);
}
