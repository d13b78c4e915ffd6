#include "partial_call.h"

#include <stdio.h>
#include <string.h>

#include "faults.h"

/* What each function takes beside a target, its options and a shard. */
enum { LOGITS = 1, STATES = 2, LOSS = 4, STATISTICS = 8, GRADIENT = 16 };
static const unsigned takes[] = {
    [PARTIAL_REDUCE] = LOGITS | STATES,
    [PARTIAL_FINISH] = STATES | LOSS | STATISTICS,
    [PARTIAL_GRAD] = LOGITS | STATES | GRADIENT,
    [PARTIAL_CHECK] = LOGITS | LOSS | STATISTICS | GRADIENT,
    [PARTIAL_EXCHANGE] = LOGITS | STATES | GRADIENT,
    [RANKS_LOSS] = LOGITS | LOSS,
    [RANKS_GRAD] = LOGITS | LOSS | GRADIENT,
    [RANKS_STATS] = LOGITS | STATISTICS,
};

static const int statistics[] = { ROLE_ROW_LOSS, ROLE_LSE, ROLE_MAX, ROLE_ARGMAX, ROLE_ENTROPY };
enum { COUNT = sizeof statistics / sizeof statistics[0] };

/* ---- Arguments ----------------------------------------------------------------------------------------------------------- */

/* An input as the rows have it; of a table the shard's classes. */
static void add_input(struct partial_call *c, enum role role, struct bytes *b)
{
    const xent_tensor *t = c->rows.tensor[role];
    if (t == NULL) return;
    struct argument *a =
        stage_add(&c->stage, (int)role, false, xent_tensor_dtype(t), xent_tensor_ndim(t), xent_tensor_shape(t));
    if (role == ROLE_INPUT || role == ROLE_PROBABILITIES) a->shape[c->rows.problem.axis] = c->shard.classes;
    argument_row_major(a);
    if (bytes_chance(b, 3)) argument_stride(a, b);
    for (int32_t d = 0; d < a->ndim; d++)
        if (a->strides[d] == 0) argument_row_major(a); /* its elements are all different */
}

static void add_output(struct partial_call *c, enum role role, struct bytes *b)
{
    const struct problem *p = &c->rows.problem;
    const bool one = role == ROLE_LOSS && p->reduction != XENT_REDUCTION_NONE;
    int64_t shape[XENT_MAX_NDIM];
    int32_t ndim = 0;
    for (int32_t d = 0; d < p->ndim && !one; d++)
        if (role == ROLE_OUTPUT || d != p->axis) shape[ndim++] = d == p->axis ? c->shard.classes : p->shape[d];
    struct argument *a = stage_add(&c->stage, (int)role, true,
                                   role == ROLE_OUTPUT   ? p->dtype
                                   : role == ROLE_ARGMAX ? XENT_I64
                                                         : p->loss_dtype,
                                   ndim, shape);
    if (bytes_chance(b, 3)) argument_stride(a, b);
}

static size_t size_of_states(const struct partial_call *c, int64_t rows)
{
    const bool merged = c->function != PARTIAL_REDUCE;
    return (size_t)(rows * (merged ? 1 : xent_partials_per_row(&c->shard))) * sizeof(xent_partial);
}

static void add_arguments(struct partial_call *c, struct bytes *b)
{
    const unsigned taken = takes[c->function];
    if (taken & LOGITS) add_input(c, ROLE_INPUT, b);
    add_input(c, ROLE_CLASSES, b);
    add_input(c, ROLE_PROBABILITIES, b);
    add_input(c, ROLE_WEIGHT, b);
    add_input(c, ROLE_ROW_WEIGHT, b);
    if ((taken & GRADIENT) && bytes_chance(b, 2)) add_input(c, ROLE_GRAD_LOSS, b);
    if ((taken & LOSS) && (c->function == RANKS_LOSS || !bytes_chance(b, 3))) add_output(c, ROLE_LOSS, b);
    if (taken & STATISTICS) {
        for (int k = 0; k < COUNT; k++)
            if (bytes_chance(b, 2)) add_output(c, (enum role)statistics[k], b);
        stage_add_bytes(&c->stage, PARTIAL_STATS, false, sizeof(xent_stats));
    }
    if ((taken & GRADIENT) && (c->function != PARTIAL_EXCHANGE || !bytes_chance(b, 3))) add_output(c, ROLE_OUTPUT, b);
    if (taken & STATES)
        stage_add_bytes(&c->stage, PARTIAL_STATES, c->function == PARTIAL_REDUCE || c->function == PARTIAL_EXCHANGE,
                        size_of_states(c, c->rows.rows));
    stage_add_bytes(&c->stage, PARTIAL_SHARD, false, sizeof(xent_shard));
    stage_add_bytes(&c->stage, PARTIAL_OPTIONS, false, sizeof(xent_options));
}

static void change_shard(xent_shard *s, struct bytes *b)
{
    static const int64_t numbers[] = { -1, 0, 1, 4096, INT64_MAX, INT64_MIN, 2 };
    const int64_t number = BYTES_ONE_OF(b, numbers);
    switch (bytes_below(b, 5)) {
    case 0: s->first = number; break;
    case 1: s->classes = number; break;
    case 2: s->of = number; break;
    case 3: s->dtype = (int32_t)bytes_below(b, 25); break;
    default: s->reserved = (int32_t)number; break;
    }
}

static void change(struct partial_call *c, struct bytes *b)
{
    switch (bytes_below(b, 8)) {
    case 0: option_fault(&c->options, b); break;
    case 1: c->options.struct_size = size_fault(&c->stage.argument[PARTIAL_OPTIONS], sizeof c->options, b); break;
    case 2:
        if (c->stage.argument[PARTIAL_STATS].given)
            c->stats_size = size_fault(&c->stage.argument[PARTIAL_STATS], sizeof(xent_stats), b);
        break;
    case 3: change_shard(&c->shard, b); break;
    case 4: stage_miss(&c->stage, PARTIAL_SHARD); break;
    case 5: stage_miss(&c->stage, bytes_chance(b, 2) ? PARTIAL_STATES : PARTIAL_STATS); break;
    default: stage_fault(&c->stage, ROLES, b); break;
    }
}

/* ---- Values -------------------------------------------------------------------------------------------------------------- */

/* The element of the rows that element `i` of the argument stands for. */
static const void *element_of_rows(const struct partial_call *c, int role, int64_t i)
{
    const xent_tensor *t = c->rows.tensor[role];
    const xent_shard *shard = &c->rows.shard[c->mine];
    const struct extents e = problem_extents(&c->rows.problem);
    const int64_t in_slice = shard->classes > 0 ? shard->classes * e.inner : 1;
    const bool table = role == ROLE_INPUT || role == ROLE_PROBABILITIES;
    const int64_t from = table ? (i / in_slice * e.classes + shard->first) * e.inner + i % in_slice : i;
    return (const char *)c->rows.memory[role] + (size_t)(from % xent_tensor_numel(t)) * xent_dtype_size(xent_tensor_dtype(t));
}

/* What has become of another dtype has any elements. */
static void fill(const struct partial_call *c, int role)
{
    const struct argument *a = &c->stage.argument[role];
    const size_t size = xent_dtype_size(a->dtype);
    const bool same = a->dtype == xent_tensor_dtype(c->rows.tensor[role]);
    for (int64_t i = 0, n = argument_elements(a); i < n; i++)
        if (same)
            memcpy(argument_at(a, i), element_of_rows(c, role, i), size);
        else
            memset(argument_at(a, i), 0, size);
}

static bool holds_elements(const struct partial_call *c, int role)
{
    const struct argument *a = &c->stage.argument[role];
    if (!a->given) return c->rows.tensor[role] == NULL;
    if (a->dtype != xent_tensor_dtype(c->rows.tensor[role])) return false;
    for (int64_t i = 0, n = argument_elements(a); i < n; i++)
        if (memcmp(argument_at(a, i), element_of_rows(c, role, i), xent_dtype_size(a->dtype)) != 0) return false;
    return true;
}

bool partial_call_has_its_rows(const struct partial_call *c)
{
    const xent_options *now = &c->options, *then = &c->rows.options;
    return holds_elements(c, ROLE_INPUT) && holds_elements(c, ROLE_PROBABILITIES) &&
           now->label_smoothing == then->label_smoothing && now->z_loss == then->z_loss &&
           now->logit_scale == then->logit_scale && now->softcap == then->softcap;
}

static void fill_bytes(struct partial_call *c)
{
    const struct argument *argument = c->stage.argument;
    structs_fill(&c->stage, &c->options, PARTIAL_OPTIONS, c->stats_size, PARTIAL_STATS, c->tail);
    if (argument[PARTIAL_SHARD].given) memcpy(argument[PARTIAL_SHARD].first, &c->shard, sizeof c->shard);
    if (!argument[PARTIAL_STATES].given || argument[PARTIAL_STATES].output) return;
    xent_partial *states = (xent_partial *)(void *)argument[PARTIAL_STATES].first;
    for (int64_t i = 0; i < argument[PARTIAL_STATES].shape[0] / (int64_t)sizeof *states; i++)
        states[i] = c->rows.whole[i % c->rows.rows];
}

/* Which xent.h leaves to the caller: the states of all rows of a call, more than they were where a fault makes other rows or another cut. */
static void make_room_for_states(struct partial_call *c)
{
    const int64_t rows = partial_contract_rows(c), size = rows == 0 ? 0 : (int64_t)size_of_states(c, rows);
    struct argument *states = &c->stage.argument[PARTIAL_STATES];
    if (size > states->shape[0]) states->shape[0] = size;
}

/* A state that belongs to other classes, or has another number. */
static void spoil_states(struct partial_call *c, struct bytes *b)
{
    static const int64_t others[] = { -1, INT64_MAX, INT64_MIN };
    const struct argument *states = &c->stage.argument[PARTIAL_STATES];
    if (!states->given || states->output || c->rows.rows == 0) return;
    xent_partial *whole = (xent_partial *)(void *)states->first;
    if (bytes_chance(b, 12)) whole[bytes_below(b, 256) % c->rows.rows].argmax = BYTES_ONE_OF(b, others);
    c->spoiled = bytes_chance(b, 6);
    if (c->spoiled) partial_state_spoil(&whole[bytes_below(b, 256) % c->rows.rows], b);
}

void partial_call_open(struct partial_call *c, enum partial_function first, enum partial_function last, struct bytes *b)
{
    static const int faults[] = { 0, 0, 1, 1, 2 };
    memset(c, 0, sizeof *c);
    partial_rows_open(&c->rows, first < RANKS_LOSS ? PARTIAL_PARTS : 1, b);
    c->function = first + (enum partial_function)bytes_below(b, (int64_t)last - (int64_t)first + 1);
    c->mine = (int32_t)bytes_below(b, c->rows.parts);
    c->shard = c->rows.shard[c->mine];
    c->options = c->rows.options;
    c->stats_size = sizeof(xent_stats);
    c->tail = bytes_chance(b, 4);
    add_arguments(c, b);
    const int changes = BYTES_ONE_OF(b, faults);
    c->plain = changes == 0;
    for (int k = 0; k < changes; k++) change(c, b);
    make_room_for_states(c);
    stage_open(&c->stage, bytes_chance(b, 2) ? 0 : 64, (size_t)bytes_below(b, 9));
    for (int role = 0; role < ROLES; role++)
        if (c->stage.argument[role].given && !role_rules[role].output) fill(c, role);
    fill_bytes(c);
    spoil_states(c, b);
}

void partial_call_close(struct partial_call *c)
{
    stage_close(&c->stage);
    partial_rows_close(&c->rows);
}

/* ---- The call ------------------------------------------------------------------------------------------------------------ */

void *partial_call_struct(const struct partial_call *c, int at)
{
    return c->stage.argument[at].given ? c->stage.argument[at].first : NULL;
}

const xent_tensor *partial_call_target(const struct partial_call *c)
{
    const struct argument *classes = &c->stage.argument[ROLE_CLASSES];
    return classes->given ? classes->tensor : c->stage.argument[ROLE_PROBABILITIES].tensor;
}

xent_status partial_call_make(void *call)
{
    const struct partial_call *c = call;
    const struct argument *argument = c->stage.argument;
    const xent_tensor *logits = argument[ROLE_INPUT].tensor, *grad_loss = argument[ROLE_GRAD_LOSS].tensor;
    const xent_tensor *target = partial_call_target(c);
    const xent_shard *shard = partial_call_struct(c, PARTIAL_SHARD);
    const xent_options *options = partial_call_struct(c, PARTIAL_OPTIONS);
    const xent_stats *stats = partial_call_struct(c, PARTIAL_STATS);
    xent_partial *states = partial_call_struct(c, PARTIAL_STATES);
    xent_tensor *loss = argument[ROLE_LOSS].tensor, *gradient = argument[ROLE_OUTPUT].tensor;
    switch (c->function) {
    case PARTIAL_REDUCE: return xent_partial_reduce(logits, shard, target, options, states);
    case PARTIAL_FINISH: return xent_partial_finish(states, shard, target, options, stats, loss);
    case PARTIAL_GRAD: return xent_partial_grad(logits, shard, target, options, states, grad_loss, gradient);
    default: return xent_partial_check(logits, shard, target, options, stats, grad_loss, loss, gradient);
    }
}

void partial_call_print(const void *call)
{
    static const char *const names[] = { "partial_reduce",   "partial_finish",    "partial_grad",           "partial_check",
                                         "partial_exchange", "mpi_cross_entropy", "mpi_cross_entropy_grad", "mpi_row_stats" };
    const struct partial_call *c = call;
    const xent_options *o = &c->options;
    fprintf(stderr, "xent_%s, shard %d of %d: first %lld, classes %lld, of %lld, dtype %d, reserved %d\n", names[c->function],
            (int)c->mine, (int)c->rows.parts, (long long)c->shard.first, (long long)c->shard.classes, (long long)c->shard.of,
            (int)c->shard.dtype, (int)c->shard.reserved);
    fprintf(stderr, "  options of %zu, reduction %d, axis %d, smoothing %g, z_loss %g, scale %g, softcap %g, normalizer %g\n",
            o->struct_size, (int)o->reduction, (int)o->axis, o->label_smoothing, o->z_loss, o->logit_scale, o->softcap,
            o->normalizer);
    for (int k = 0; k < STAGE_ARGUMENTS; k++) stage_print(&c->stage, k, "argument");
}
