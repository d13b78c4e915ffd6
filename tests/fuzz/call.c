#include "call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "call_faults.h"

static const xent_dtype floating[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
static const xent_dtype integers[] = { XENT_I64, XENT_I32, XENT_I16, XENT_I8, XENT_U8, XENT_U16, XENT_U32, XENT_U64 };

const struct argument *call_argument(const struct call *c, int at)
{
    return c->stage.argument[at].given ? &c->stage.argument[at] : NULL;
}

const struct argument *call_target(const struct call *c)
{
    const struct argument *classes = call_argument(c, ROLE_CLASSES);
    return classes != NULL ? classes : call_argument(c, ROLE_PROBABILITIES);
}

int32_t call_axis(const struct call *c)
{
    const struct argument *input = call_argument(c, ROLE_INPUT) != NULL ? call_argument(c, ROLE_INPUT) : call_target(c);
    const int32_t axis = c->operation->options == OPTIONS_NONE ? c->axis : c->options.axis;
    return axis == XENT_AXIS_DEFAULT ? input->ndim > 1 : axis < 0 ? axis + input->ndim : axis;
}

/* ---- The problem --------------------------------------------------------------------------------------------------------- */

enum { MOST_LOGITS = 70000 };

/* Small, mostly; else around the lengths at which the library goes other ways. */
static void choose_shape(struct problem *p, struct bytes *b)
{
    static const int32_t ranks[] = { 2, 2, 2, 1, 3, 4, 8, 2 };
    static const int64_t long_rows[] = {
        64, 65, 127, 200, 201, 400, 401, 512, 1000, 1024, 1025, 2048, 4096, 4097, 8192, 12289
    };
    static const int64_t many[] = { 6, 7, 16, 64, 65, 70, 130, 512, 700 };
    int64_t logits;
    p->ndim = BYTES_ONE_OF(b, ranks);
    p->axis = (int32_t)bytes_below(b, p->ndim);
    for (int32_t d = 0; d < p->ndim; d++) p->shape[d] = p->ndim > 3 ? 1 + bytes_below(b, 2) : bytes_below(b, 6);
    p->shape[p->axis] = bytes_chance(b, 6) ? BYTES_ONE_OF(b, long_rows) : bytes_below(b, 24);
    if (p->ndim > 1 && bytes_chance(b, 5)) p->shape[p->axis == 0] = BYTES_ONE_OF(b, many);
    for (int32_t d = 0; d < p->ndim; d++) {
        logits = 1;
        for (int32_t k = 0; k < p->ndim; k++) logits *= p->shape[k] > 0 ? p->shape[k] : 1;
        if (logits > MOST_LOGITS && d != p->axis) p->shape[d] = 1;
    }
}

static xent_dtype choose_target(const struct operation *o, struct bytes *b)
{
    if (operation_kinds_of_target(o) > 1 && bytes_chance(b, 3)) return BYTES_ONE_OF(b, floating);
    return operation_takes_target(o) ? BYTES_ONE_OF(b, integers) : (xent_dtype)0;
}

static void choose_problem(struct problem *p, const struct operation *o, struct bytes *b)
{
    static const int64_t ignored[] = { -100, -1, 0, 3, 127, INT64_MIN, 255 };
    static const int64_t counts[] = { 1, 2, 5, 20, 33, 1024 };
    choose_shape(p, b);
    p->dtype = BYTES_ONE_OF(b, floating);
    p->values = (enum values)bytes_below(b, VALUES_KINDS);
    p->tame = bytes_chance(b, 2);
    p->seed = bytes_number(b, 2);
    p->second_dtype = o->pair ? BYTES_ONE_OF(b, floating) : p->dtype;
    p->output_dtype = o->converts && bytes_chance(b, 2) ? BYTES_ONE_OF(b, floating) : p->second_dtype;
    p->loss_dtype = BYTES_ONE_OF(b, floating);
    p->index_dtype = bytes_chance(b, 2) ? XENT_I32 : XENT_I64;
    p->best = BYTES_ONE_OF(b, counts);
    if (p->best > p->shape[p->axis]) p->best = p->shape[p->axis];
    p->target_dtype = choose_target(o, b);
    p->weight_dtype = p->row_weight_dtype = p->grad_loss_dtype = BYTES_ONE_OF(b, floating);
    p->reduction = (xent_reduction)bytes_below(b, 3);
    p->ignore_index = BYTES_ONE_OF(b, ignored);
}

/* ---- Arguments ----------------------------------------------------------------------------------------------------------- */

static xent_dtype dtype_of(const struct problem *p, enum role role)
{
    switch (role) {
    case ROLE_INPUT: return p->dtype;
    case ROLE_UPSTREAM: return p->second_dtype;
    case ROLE_OUTPUT: return p->output_dtype;
    case ROLE_CLASSES:
    case ROLE_PROBABILITIES: return p->target_dtype;
    case ROLE_WEIGHT: return p->weight_dtype;
    case ROLE_ROW_WEIGHT: return p->row_weight_dtype;
    case ROLE_GRAD_LOSS: return p->grad_loss_dtype;
    case ROLE_INDEX:
    case ROLE_ARGMAX:
    case ROLE_RANK: return p->index_dtype;
    default: return p->loss_dtype;
    }
}

/* The shape of an operand; returns its rank. */
static int32_t shape_of(const struct problem *p, enum extent extent, int64_t *shape)
{
    int32_t ndim = 0;
    if (extent == EXTENT_CLASSES || (extent == EXTENT_REDUCED && p->reduction != XENT_REDUCTION_NONE)) {
        shape[0] = extent == EXTENT_CLASSES ? p->shape[p->axis] : 1;
        return extent == EXTENT_CLASSES || p->seed % 3 == 0;
    }
    for (int32_t d = 0; d < p->ndim; d++) {
        if (d == p->axis && !extent_has_axis(extent)) continue;
        shape[ndim++] = d == p->axis && extent == EXTENT_BEST ? p->best : p->shape[d];
    }
    return ndim;
}

static bool wanted(const struct call *c, enum role role, struct bytes *b)
{
    const bool floating_target = c->problem.target_dtype <= XENT_BF16;
    if (!operation_takes(c->operation, role)) return false;
    if (role == ROLE_CLASSES && floating_target) return false;
    if (role == ROLE_PROBABILITIES && !floating_target) return false;
    if (role == ROLE_RANK && floating_target) return false;
    if ((role == ROLE_WEIGHT || role == ROLE_ROW_WEIGHT) && call_argument(c, CALL_OPTIONS) == NULL) return false;
    return (c->operation->optional & ROLE_BIT(role)) == 0 || bytes_chance(b, 2);
}

static void add_arguments(struct call *c, struct bytes *b)
{
    struct stage *s = &c->stage;
    for (int role = 0; role < ROLES; role++) {
        int64_t shape[XENT_MAX_NDIM];
        if (!wanted(c, (enum role)role, b)) continue;
        const int32_t ndim = shape_of(&c->problem, operation_extent(c->operation, (enum role)role), shape);
        struct argument *a = stage_add(s, role, role_rules[role].output, dtype_of(&c->problem, (enum role)role), ndim, shape);
        if (bytes_chance(b, 2)) argument_stride(a, b);
        a->read_only = !a->output && bytes_chance(b, 2);
    }
    if (c->operation->divisor) stage_add(s, CALL_DIVISOR, true, XENT_F64, 0, NULL);
    if (c->operation == &operations[OP_ROW_STATS]) stage_add_bytes(s, CALL_STATS, false, sizeof(xent_stats));
}

static void choose_options(struct call *c, struct bytes *b)
{
    static const double smoothings[] = { 0, 0.1, 1, 1e-300 }, z_losses[] = { 0, 1e-4, 1e4, 1e300 };
    static const double scales[] = { 1, 0.7, 14.3, 1e-30, 1e30 }, softcaps[] = { 0, 30, 1e-3, 1e-30, 1e30 };
    static const double normalizers[] = { 0, 3, 1e-300, 1e300, 0.7 };
    static const int32_t threads[] = { 0, 1, 2, 4096 };
    xent_options *o = &c->options;
    const enum option_use use = c->operation->options;
    c->axis = bytes_chance(b, 2) ? c->problem.axis - c->problem.ndim : c->problem.axis;
    o->axis = c->axis;
    o->reduction = (int32_t)c->problem.reduction;
    o->ignore_index = c->problem.ignore_index;
    o->normalizer = BYTES_ONE_OF(b, normalizers);
    o->num_threads = BYTES_ONE_OF(b, threads);
    if (use == OPTIONS_ALL) o->label_smoothing = BYTES_ONE_OF(b, smoothings);
    if (use == OPTIONS_ALL) o->z_loss = BYTES_ONE_OF(b, z_losses);
    if (use >= OPTIONS_OF_LOGITS) o->logit_scale = BYTES_ONE_OF(b, scales);
    if (use >= OPTIONS_OF_LOGITS) o->softcap = BYTES_ONE_OF(b, softcaps);
    if (use != OPTIONS_NONE) stage_add_bytes(&c->stage, CALL_OPTIONS, false, sizeof *o);
}

/* The output in the place of an input, which is then as that is. */
static void choose_place(struct call *c, struct bytes *b)
{
    struct argument *output = &c->stage.argument[ROLE_OUTPUT];
    const enum role role = bytes_chance(b, 2) ? ROLE_UPSTREAM : ROLE_INPUT;
    struct argument *input = &c->stage.argument[role];
    if (!output->given || (c->operation->in_place & ROLE_BIT(role)) == 0 || bytes_chance(b, 2)) return;
    memcpy(input->strides, output->strides, sizeof input->strides);
    output->dtype = input->dtype;
    output->host = (int)role;
}

/* Without options a loss is a mean over axis 1. */
static void agree_with_defaults(struct problem *p)
{
    p->reduction = XENT_REDUCTION_MEAN;
    p->ignore_index = -100;
    p->axis = p->ndim > 1;
    p->best = 0; /* no loss has any */
}

void call_open(struct call *c, struct bytes *b)
{
    static const int faults[] = { 0, 0, 0, 1, 1, 2 };
    memset(c, 0, sizeof *c);
    c->problem.op = (enum op)bytes_below(b, OPS);
    c->operation = &operations[c->problem.op];
    choose_problem(&c->problem, c->operation, b);
    c->options = (xent_options)XENT_OPTIONS_INIT;
    if (c->operation->options != OPTIONS_NONE && bytes_chance(b, 12))
        agree_with_defaults(&c->problem);
    else
        choose_options(c, b);
    add_arguments(c, b);
    choose_place(c, b);
    c->stats_size = sizeof(xent_stats);
    for (int k = BYTES_ONE_OF(b, faults); k > 0; k--) call_fault(c, b);
    const bool guarded = !bytes_chance(b, 2);
    const size_t offset = (size_t)bytes_below(b, 9);
    stage_open(&c->stage, guarded ? 64 : 0, offset);
    call_fill(c, b);
}

void call_close(struct call *c) { stage_close(&c->stage); }

/* ---- The call ------------------------------------------------------------------------------------------------------------ */

static xent_status make_row_stats(const struct call *c, const struct arguments *a)
{
    const struct argument *stats = call_argument(c, CALL_STATS);
    const xent_tensor *target = a->tensor[ROLE_CLASSES] != NULL ? a->tensor[ROLE_CLASSES] : a->tensor[ROLE_PROBABILITIES];
    return xent_row_stats(a->tensor[ROLE_INPUT], target, a->options,
                          stats == NULL ? NULL : (const xent_stats *)(const void *)stats->first);
}

xent_status call_make(void *call)
{
    const struct call *c = call;
    const struct argument *options = call_argument(c, CALL_OPTIONS), *divisor = call_argument(c, CALL_DIVISOR);
    struct arguments a = { .axis = c->axis };
    stage_tensors(&c->stage, ROLES, a.tensor);
    if (options != NULL) a.options = (const xent_options *)(const void *)options->first;
    if (divisor != NULL) a.divisor = (double *)(void *)divisor->first;
    return c->problem.op == OP_ROW_STATS ? make_row_stats(c, &a) : c->operation->call(&a);
}

void call_print(const void *call)
{
    const struct call *c = call;
    const xent_options *o = &c->options;
    fprintf(stderr, "xent_%s, axis %d\n", c->operation->name, (int)c->axis);
    for (int k = 0; k < STAGE_ARGUMENTS; k++)
        stage_print(&c->stage, k, k < ROLES && c->operation->operand[k] != NULL ? c->operation->operand[k] : "other");
    fprintf(stderr,
            "  options: size %zu, reduction %d, axis %d, ignore_index %" PRId64
            ", smoothing %g, z_loss %g, scale %g, softcap %g, normalizer %g, threads %d, reserved %d\n",
            o->struct_size, (int)o->reduction, (int)o->axis, o->ignore_index, o->label_smoothing, o->z_loss, o->logit_scale,
            o->softcap, o->normalizer, (int)o->num_threads, (int)o->reserved);
}
