/* What xent.h says of partial rows, in its stages, and xent_mpi.h of those that have a shard. */
#include <math.h>

#include "contract.h"
#include "partial_call.h"

#define REFUSED(status, condition) ((condition) ? STATUS_BIT(status) : 0)

static const struct argument *given(const struct partial_call *c, int at)
{
    return c->stage.argument[at].given ? &c->stage.argument[at] : NULL;
}

static const struct argument *target_of(const struct partial_call *c)
{
    return given(c, ROLE_CLASSES) != NULL ? given(c, ROLE_CLASSES) : given(c, ROLE_PROBABILITIES);
}

static bool indices(const struct argument *target) { return target != NULL && target->dtype > XENT_BF16; }
static bool has_logits(const struct partial_call *c) { return c->function != PARTIAL_FINISH; }
static bool wants_loss(const struct partial_call *c) { return given(c, ROLE_LOSS) != NULL || given(c, ROLE_ROW_LOSS) != NULL; }

/* ---- NULL arguments ------------------------------------------------------------------------------------------------------ */

static bool missing(const struct partial_call *c)
{
    const struct argument *gradient = given(c, ROLE_OUTPUT), *stats = given(c, PARTIAL_STATS);
    bool any = given(c, ROLE_LOSS) != NULL || gradient != NULL;
    if (given(c, PARTIAL_SHARD) == NULL || (has_logits(c) && given(c, ROLE_INPUT) == NULL)) return true;
    if (c->function == PARTIAL_REDUCE) return false;
    if (c->function == PARTIAL_GRAD || c->function == RANKS_GRAD) return target_of(c) == NULL || gradient == NULL;
    if (c->function == PARTIAL_EXCHANGE) return target_of(c) == NULL && gradient != NULL;
    if (c->function == RANKS_STATS && stats == NULL) return true;
    if (stats != NULL && !contract_struct_size(c->stats_size, sizeof(xent_stats), c->tail)) return true;
    for (int role = ROLE_ROW_LOSS; role <= ROLE_RANK; role++) any |= stats != NULL && given(c, role) != NULL;
    const bool loss = given(c, ROLE_LOSS) != NULL || gradient != NULL || (stats != NULL && given(c, ROLE_ROW_LOSS) != NULL);
    return !any || (loss && target_of(c) == NULL);
}

/* ---- Options and the shard ----------------------------------------------------------------------------------------------- */

static statuses shard(const xent_shard *s)
{
    const bool outside = s->of < 1 || s->first < 0 || s->first > s->of || s->classes < 0 || s->classes > s->of - s->first;
    return REFUSED(XENT_ERROR_INVALID_ARGUMENT, s->reserved != 0) |
           REFUSED(XENT_ERROR_DTYPE, s->dtype < XENT_F32 || s->dtype > XENT_BF16) | REFUSED(XENT_ERROR_SHAPE, outside);
}

/* ---- Dtypes and shapes --------------------------------------------------------------------------------------------------- */

/* Statistics count if there is a struct that names them. */
static bool concerns(const struct partial_call *c, int role)
{
    return given(c, role) != NULL && (role < ROLE_ROW_LOSS || given(c, PARTIAL_STATS) != NULL);
}

static statuses dtypes(const struct partial_call *c)
{
    bool wrong = false;
    for (int role = 0; role < ROLES; role++) {
        const struct argument *a = given(c, role);
        if (!concerns(c, role) || role == ROLE_CLASSES || role == ROLE_PROBABILITIES) continue;
        const bool index = a->dtype == XENT_I64 || a->dtype == XENT_I32;
        wrong |= role == ROLE_ARGMAX ? !index : !contract_floating(a);
        if (role == ROLE_INPUT) wrong |= (int32_t)a->dtype != c->shard.dtype;
        if (role == ROLE_OUTPUT) wrong |= a->dtype != given(c, ROLE_INPUT)->dtype;
    }
    return REFUSED(XENT_ERROR_DTYPE, wrong);
}

/* The logits, or what their shape must have been; rank 0: there can be none. */
static struct argument logits_of(const struct partial_call *c)
{
    const struct argument *target = target_of(c), *batch = indices(target) ? target : NULL;
    struct argument logits = { .ndim = 0 };
    if (has_logits(c)) return *given(c, ROLE_INPUT);
    if (target != NULL && batch == NULL) return *target;
    for (int role = ROLE_ROW_LOSS; batch == NULL && role <= ROLE_RANK; role++) batch = given(c, role);
    int32_t axis = c->options.axis == XENT_AXIS_DEFAULT ? batch->ndim > 0 : c->options.axis;
    if (axis < 0) axis += batch->ndim + 1;
    if (axis < 0 || axis > batch->ndim || batch->ndim == XENT_MAX_NDIM) return logits;
    logits.ndim = batch->ndim + 1;
    for (int32_t d = 0; d < logits.ndim; d++)
        logits.shape[d] = d == axis ? c->shard.classes : batch->shape[d < axis ? d : d - 1];
    return logits;
}

static bool fits(const struct partial_call *c, int role, const struct argument *logits, int32_t axis)
{
    const struct argument *a = given(c, role);
    const bool one = c->options.reduction != XENT_REDUCTION_NONE && (role == ROLE_LOSS || role == ROLE_GRAD_LOSS);
    if (!concerns(c, role)) return true;
    if (role == ROLE_WEIGHT) return a->ndim == 1 && a->shape[0] == c->shard.of;
    if (role == ROLE_INPUT || role == ROLE_OUTPUT || a == target_of(c))
        return indices(a) && a == target_of(c) ? contract_batch_shape(a, logits, axis) : contract_same_shape(a, logits);
    if (role == ROLE_ARGMAX && a->dtype == XENT_I32 && c->shard.of - 1 > INT32_MAX) return false;
    return one ? argument_elements(a) == 1 : contract_batch_shape(a, logits, axis);
}

static statuses shapes(const struct partial_call *c)
{
    const struct argument logits = logits_of(c);
    int32_t axis;
    bool wrong = !contract_axis(&logits, c->options.axis, &axis) || logits.shape[axis] != c->shard.classes;
    for (int role = 0; role < ROLES && !wrong; role++) wrong |= !fits(c, role, &logits, axis);
    return REFUSED(XENT_ERROR_SHAPE, wrong);
}

/* ---- Outputs ------------------------------------------------------------------------------------------------------------- */

static statuses output(const struct partial_call *c, int at)
{
    const struct argument *a = given(c, at);
    bool apart = contract_injective(a);
    for (int role = 0; role < ROLES; role++) {
        const bool in_place = at == ROLE_OUTPUT && role == ROLE_INPUT && contract_in_place(a, given(c, role));
        if (role != at && concerns(c, role) && contract_overlap(a, given(c, role))) apart &= in_place;
    }
    return REFUSED(XENT_ERROR_INVALID_ARGUMENT, a->read_only) | REFUSED(XENT_ERROR_OVERLAP, !apart);
}

static statuses outputs(const struct partial_call *c)
{
    statuses refused = 0;
    for (int role = 0; role < ROLES; role++)
        if (role_rules[role].output && concerns(c, role)) refused |= output(c, role);
    return refused;
}

/* ---- Values -------------------------------------------------------------------------------------------------------------- */

static const xent_partial *whole_of(const struct partial_call *c)
{
    const bool merged = c->function == PARTIAL_FINISH || c->function == PARTIAL_GRAD;
    return merged && given(c, PARTIAL_STATES) != NULL ? (const xent_partial *)(const void *)given(c, PARTIAL_STATES)->first
                                                      : NULL;
}

static int64_t rows_of(const struct partial_call *c)
{
    const struct argument logits = logits_of(c);
    int32_t axis;
    int64_t rows = 1;
    if (!contract_axis(&logits, c->options.axis, &axis)) return 0;
    for (int32_t d = 0; d < logits.ndim; d++) rows *= d == axis ? 1 : logits.shape[d];
    return rows;
}

static bool counts(const struct partial_call *c, int64_t row)
{
    const struct argument *weight = given(c, ROLE_ROW_WEIGHT);
    return argument_integer(target_of(c), row) != c->options.ignore_index &&
           (weight == NULL || argument_number(weight, row) != 0);
}

static bool wrong_states(const struct partial_call *c)
{
    const xent_partial *whole = whole_of(c);
    const bool finish = c->function == PARTIAL_FINISH, needs_target = finish && wants_loss(c) && indices(target_of(c)),
               needs_heat = finish && concerns(c, ROLE_ENTROPY);
    for (int64_t row = 0; whole != NULL && row < rows_of(c); row++) {
        if (whole[row].argmax < 0 || whole[row].argmax >= c->shard.of) return true;
        if (needs_target && counts(c, row) && isnan(whole[row].target) && !isnan(whole[row].rest)) return true;
        if (needs_heat && isnan(whole[row].heat) && !isnan(whole[row].rest)) return true;
    }
    return false;
}

int64_t partial_contract_rows(const struct partial_call *c)
{
    if (partial_contract_begin(c) != 0 || dtypes(c) != 0) return 0;
    return shapes(c) == 0 ? rows_of(c) : 0;
}

static statuses values(const struct partial_call *c)
{
    const struct argument *target = target_of(c);
    if (!contract_weights(given(c, ROLE_WEIGHT)) || !contract_weights(given(c, ROLE_ROW_WEIGHT)))
        return STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT);
    if (indices(target) && !contract_indices(target, c->shard.of, c->options.ignore_index))
        return STATUS_BIT(XENT_ERROR_TARGET);
    return REFUSED(XENT_ERROR_INVALID_ARGUMENT, wrong_states(c));
}

statuses partial_contract_begin(const struct partial_call *c)
{
    return missing(c) ? STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT) : contract_options(&c->options, c->tail) | shard(&c->shard);
}

statuses partial_contract(const struct partial_call *c)
{
    static statuses (*const stages[])(const struct partial_call *) = { dtypes, shapes, outputs, values };
    const bool has_states = c->function < PARTIAL_CHECK || c->function == PARTIAL_EXCHANGE,
               no_states = has_states && given(c, PARTIAL_STATES) == NULL;
    statuses refused = partial_contract_begin(c);
    for (size_t k = 0; k < sizeof stages / sizeof stages[0] && refused == 0; k++) refused = stages[k](c);
    if (no_states && (refused != 0 || rows_of(c) == 0 || c->shard.classes == 0)) /* they may be NULL where there are none */
        return refused | STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT) | REFUSED(XENT_OK, refused == 0);
    return no_states ? STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT) : refused != 0 ? refused : STATUS_BIT(XENT_OK);
}
