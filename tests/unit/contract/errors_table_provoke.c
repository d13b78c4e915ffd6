/* How each check is provoked. Two of them can be provoked in one call, whatever their order, unless they exclude each other. */
#include <math.h>

#include "errors_table.h"

/* ---- NULL, options ----------------------------------------------------------------------------------------------------- */

static void provoke_null(const struct column *c, struct scene *s)
{
    switch (c->check) {
    case NULL_OUT: s->absent |= TAKES(OUT); break;
    case NULL_EXTENTS: s->absent |= TAKES(EXTENTS); break;
    case NULL_TENSOR: s->absent |= TAKES(TENSOR); break;
    case NULL_NAME: s->name = NULL; break;
    case NULL_CALLBACK: s->absent |= TAKES(CALLBACK); break;
    case NULL_OPERAND: s->absent_roles |= ROLE_BIT(c->role); break;
    case NULL_DIVISOR: s->absent |= TAKES(DIVISOR); break;
    default: /* without options the reduction is MEAN, whose loss is one element */
        s->absent |= TAKES(OPTIONS);
        for (int role = 0; role < ROLES; role++)
            if (role_rules[role].extent == EXTENT_REDUCED) s->operands[role].ndim = 0;
    }
}

static void provoke_options(const struct column *c, struct scene *s)
{
    xent_options *options = &s->given.options;
    switch (c->check) {
    case OPTIONS_SIZE: options->struct_size = 8; break;
    case OPTIONS_TAIL:
        options->struct_size = OPTIONS_SIZE_MAX;
        s->given.bytes[4000] = 3;
        break;
    case OPTIONS_REDUCTION: options->reduction = 3; break;
    case OPTIONS_SMOOTHING: options->label_smoothing = 1.5; break;
    case OPTIONS_Z_LOSS: options->z_loss = -0.25; break;
    case OPTIONS_SCALE: options->logit_scale = 0; break;
    case OPTIONS_SOFTCAP: options->softcap = -30; break;
    case OPTIONS_NORMALIZER: options->normalizer = -2; break;
    case OPTIONS_THREADS: options->num_threads = 5000; break;
    case OPTIONS_RESERVED: options->reserved = 1; break;
    case OPTIONS_IGNORE_INDEX: options->ignore_index = INT64_MIN; break;
    case USED_SMOOTHING: options->label_smoothing = 0.5; break;
    case USED_Z_LOSS: options->z_loss = 0.25; break;
    case USED_SCALE: options->logit_scale = 2; break;
    default: options->softcap = 30;
    }
}

/* ---- Element types, ranks, axis, shapes -------------------------------------------------------------------------------- */

static void provoke_dtype(const struct column *c, struct scene *s)
{
    static const xent_dtype integers[] = { XENT_I16, XENT_U8 }, others[] = { XENT_F32, XENT_I64, XENT_BF16 };
    if (role_rules[c->role].elements != ELEMENTS_OF_INPUT) {
        s->operands[c->role].dtype = integers[c->variant];
        return;
    }
    for (int role = 0; role < ROLES && c->variant == 2; role++) /* of 16 bits beside others of 16 bits */
        if (role == ROLE_INPUT || role_rules[role].elements == ELEMENTS_OF_INPUT) s->operands[role].dtype = XENT_F16;
    s->operands[c->role].dtype = others[c->variant];
}

static void set_shape(struct operand *o, int32_t ndim, int64_t first, int64_t second)
{
    o->ndim = ndim;
    o->shape[0] = first;
    o->shape[1] = second;
    o->strides[0] = 1;
    o->strides[1] = first;
}

/* Logits of rank 1: the batch shape is (). */
static void provoke_one_row(struct scene *s)
{
    s->axis = s->given.options.axis = 0;
    for (int role = 0; role < ROLES; role++) {
        struct operand *o = &s->operands[role];
        if (role_rules[role].extent == EXTENT_TABLE)
            set_shape(o, 1, CLASSES, 0);
        else if (role_rules[role].extent != EXTENT_CLASSES)
            o->ndim = 0;
    }
}

/* Of classes that are wanted: none, or more than a call gives, of both results; or of one of them another number. */
static void provoke_count(const struct column *c, struct scene *s)
{
    const int64_t count = c->variant == 4 ? 0 : 1025;
    if (c->role == ROLE_INDEX) set_shape(&s->operands[ROLE_INDEX], 2, ROWS, count);
    set_shape(&s->operands[ROLE_BEST], 2, ROWS, count);
}

/* Shape (3) fits nothing. */
static void provoke_shape(const struct column *c, struct scene *s)
{
    struct operand *o = &s->operands[c->role];
    const enum extent extent = role_rules[c->role].extent;
    if (extent == EXTENT_CLASSES) {
        static const int64_t shapes[][2] = { { 1, CLASSES }, { 2, 0 }, { CLASSES, 1 } };
        set_shape(o, c->variant == 1 ? 1 : 2, shapes[c->variant][0], shapes[c->variant][1]);
        return;
    }
    if (c->variant == (extent == EXTENT_ROWS ? 3 : 6)) {
        provoke_one_row(s);
        set_shape(o, 1, 1, 0);
        return;
    }
    const bool one = extent == EXTENT_REDUCED && c->variant >= 3; /* expected, instead of one for each row */
    for (int role = 0; role < ROLES && one; role++)
        if (role_rules[role].extent == EXTENT_REDUCED) s->operands[role].ndim = 0;
    if (one) s->given.options.reduction = c->variant == 4 ? XENT_REDUCTION_SUM : XENT_REDUCTION_MEAN;
    if (extent == EXTENT_BEST && c->variant >= 4) {
        provoke_count(c, s);
        return;
    }
    switch (c->variant) {
    case 0: set_shape(o, 1, 3, 0); break;
    case 1: set_shape(o, 0, 0, 0); break;
    case 2: set_shape(o, 2, extent_has_axis(extent) ? CLASSES : ROWS, extent_has_axis(extent) ? ROWS : 1); break;
    case 3: set_shape(o, 1, extent == EXTENT_TABLE ? ROWS * CLASSES : ROWS, 0); break;
    case 4: set_shape(o, 1, ROWS, 0); break;
    default: set_shape(o, 1, 0, 0);
    }
}

static void provoke_axis(const struct column *c, struct scene *s)
{
    static const int32_t of_scalar[] = { 1, -1, XENT_AXIS_DEFAULT, 0 }, of_table[] = { 5, 2, -3, INT32_MAX, -INT32_MAX };
    s->axis = s->given.options.axis = (c->check == RANK_ZERO ? of_scalar : of_table)[c->variant];
    for (int role = 0; role < ROLES && c->check == RANK_ZERO; role++)
        if (role_rules[role].extent == EXTENT_TABLE || role_rules[role].extent == EXTENT_ROWS) s->operands[role].ndim = 0;
}

/* Each floating dtype stands for probabilities and each integer one for class indices, so that a target's dtype alone is never wrong. */
static void provoke_kind(struct scene *s)
{
    s->operands[ROLE_CLASSES].dtype = XENT_F64;
    s->operands[ROLE_PROBABILITIES].dtype = XENT_I64;
}

static void provoke_no_classes(struct scene *s)
{
    for (int role = 0; role < ROLES; role++)
        if (role_rules[role].extent == EXTENT_TABLE && s->operands[role].ndim == 2) s->operands[role].shape[1] = 0;
}

/* ---- Outputs ----------------------------------------------------------------------------------------------------------- */

static void put(struct scene *s, enum role role, enum role over, ptrdiff_t past)
{
    s->operands[role].over = over;
    s->operands[role].past_over = past;
}

static ptrdiff_t span_of(const struct operand *o)
{
    int64_t elements = 1;
    for (int32_t d = 0; d < o->ndim; d++) elements *= o->shape[d];
    return (ptrdiff_t)elements * 8;
}

/* The input begins one element before the output, so that it covers some of it and is not in its place; or elsewhere. */
static void provoke_over(const struct column *c, struct scene *s)
{
    struct operand *output = &s->operands[c->role], *other = &s->operands[c->other];
    const ptrdiff_t last = span_of(output) - 8, before = role_rules[c->role].extent == EXTENT_BEST ? 8 - span_of(other) : -8;
    switch (c->variant) {
    case 0:
        put(s, c->other, c->role, role_rules[c->other].output ? last : before);
        break; /* which no input put over it reaches */
    case 1: put(s, c->other, c->role, 8); break;
    case 2: put(s, c->other, c->role, 8 - span_of(other)); break;
    case 3: put(s, c->other, c->role, last); break;
    case 4: /* at the same address, in another layout */
        put(s, c->other, c->role, 0);
        other->strides[0] = other->ndim == 2 ? CLASSES : 1;
        other->strides[1] = 1;
        break;
    default: /* in the place of one operand, over another one */
        put(s, ROLE_INPUT, c->role, 0);
        put(s, ROLE_UPSTREAM, c->role, 0);
        put(s, c->other, c->role, -8);
    }
}

static void provoke_output(const struct column *c, struct scene *s)
{
    switch (c->check) {
    case READ_ONLY:
        s->operands[c->role].read_only = true;
        if (c->variant == 0) break;
        s->operands[ROLE_INPUT].read_only = true; /* in its place */
        put(s, ROLE_INPUT, c->role, 0);
        break;
    case OVER_ITSELF: s->operands[c->role].strides[0] = 0; break;
    case INPUTS_OVER: put(s, c->role, c->other, 8); break;
    case IN_PLACE:
        put(s, c->other, c->role, 0);
        if (c->variant == 1) put(s, ROLE_INPUT, c->role, 0); /* of both */
        break;
    default: provoke_over(c, s);
    }
}

/* ---- Tensors, values, backend, memory ---------------------------------------------------------------------------------- */

static void provoke_tensor(const struct column *c, struct scene *s)
{
    switch (c->check) {
    case DTYPE_MADE: s->made.dtype = (xent_dtype)5; break;
    case RANK_MADE: s->made.ndim = XENT_MAX_NDIM + 1; break;
    case EXTENT_MADE: s->made.shape[1] = -3; break;
    case PRODUCT_MADE: s->made.shape[0] = INT64_MAX / 8; break;
    case STRIDES_MADE: s->made.strides[0] = INT64_MAX; break;
    case DATA_OWNED: s->owner = true; break;
    case DATA_NULL: s->absent |= TAKES(DATA); break;
    default: s->misaligned = true;
    }
}

/* Of any dtype; the last dtypes backwards. */
static void provoke_weight(const struct column *c, struct scene *s)
{
    static const double bad[] = { -1, (double)INFINITY, -(double)INFINITY, (double)NAN };
    static const xent_dtype dtypes[] = { XENT_F64, XENT_F32, XENT_F16, XENT_BF16 };
    struct operand *weight = &s->operands[c->role];
    *(c->check == VALUE_WEIGHT ? &s->weight : &s->row_weight) = bad[c->variant % 4];
    weight->dtype = dtypes[c->variant / 4];
    if (c->variant < 8) return;
    weight->strides[0] = -1;
    weight->past_over = (ptrdiff_t)(weight->shape[0] - 1) * (ptrdiff_t)xent_dtype_size(weight->dtype);
}

void column_provoke(const struct column *c, struct scene *s)
{
    if (is_of_shards(c->check)) {
        s->shard_fault[c->check] = true;
        return;
    }
    if (c->check <= NULL_DIVISOR) {
        provoke_null(c, s);
        return;
    }
    if (c->check >= OPTIONS_SIZE && c->check <= USED_SOFTCAP) {
        provoke_options(c, s);
        return;
    }
    switch (c->check) {
    case NUMBER_RANGE: s->number = 5000; break;
    case DTYPE: provoke_dtype(c, s); break;
    case RANK_ZERO:
    case AXIS_RANGE: provoke_axis(c, s); break;
    case KIND_OF_TARGET: provoke_kind(s); break;
    case SHAPE: provoke_shape(c, s); break;
    case NO_CLASSES: provoke_no_classes(s); break;
    case READ_ONLY:
    case OVER_ITSELF:
    case OVER:
    case IN_PLACE:
    case INPUTS_OVER: provoke_output(c, s); break;
    case VALUE_WEIGHT:
    case VALUE_ROW_WEIGHT: provoke_weight(c, s); break;
    case VALUE_TARGET: s->bad_target = true; break;
    case NAME_UNKNOWN: s->name = "warp"; break;
    case BACKEND: s->environment |= BAD_BACKEND; break;
    case THREADS: s->environment |= BAD_THREADS; break;
    case MEMORY: s->no_memory = true; break;
    default: provoke_tensor(c, s);
    }
}
