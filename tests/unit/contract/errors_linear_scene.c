/* Makes the tensors of a call, calls, and looks for what has changed. */
#include <string.h>

#include "errors_linear.h"
#include "unit/allocations.h"

enum { SLOT = CLASSES * FEATURES * 8, PATTERN = 0x5A };
static union {
    double align;
    unsigned char slots[LAYER_TENSORS][SLOT];
} arena;
static unsigned char before[sizeof arena.slots];

static struct described dense(xent_dtype dtype, int32_t ndim, int64_t first, int64_t second)
{
    return (struct described){ .dtype = dtype, .ndim = ndim, .shape = { first, second, 1 }, .strides = { second, 1, 1 } };
}

void scene_begin(struct scene *s, bool forward)
{
    const xent_linear layer = XENT_LINEAR_INIT;
    const xent_options options = XENT_OPTIONS_INIT;
    memset(s, 0, sizeof *s);
    s->forward = forward;
    s->given.layer = layer;
    s->options = options;
    s->options.reduction = XENT_REDUCTION_NONE;
    for (int which = 0; which < LAYER_TENSORS; which++) s->tensors[which] = dense(XENT_F32, 1, ROWS, 1);
    s->tensors[LAYER_HIDDEN] = s->tensors[LAYER_GRAD_HIDDEN] = dense(XENT_F32, 2, ROWS, FEATURES);
    s->tensors[LAYER_WEIGHT] = s->tensors[LAYER_GRAD_WEIGHT] = dense(XENT_F32, 2, CLASSES, FEATURES);
    s->tensors[LAYER_BIAS] = s->tensors[LAYER_GRAD_BIAS] = s->tensors[LAYER_CLASS_WEIGHT] = dense(XENT_F32, 1, CLASSES, 1);
    s->tensors[LAYER_TARGET] = dense(XENT_I64, 1, ROWS, 1);
    for (int which = 0; which < LAYER_TENSORS; which++) s->tensors[which].over = which;
}

static void *memory_of(const struct scene *s, enum layer_tensor which) { return arena.slots[s->tensors[which].over]; }

/* Whatever lies there, though its dtype or its shape may be wrong. */
static void fill(const struct scene *s, enum layer_tensor which, double value, int64_t bad, double bad_value)
{
    const struct described *d = &s->tensors[which];
    xent_tensor *t = tensor_strided(d->dtype, d->ndim, d->shape, d->strides, memory_of(s, which));
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) tensor_set(t, i, i == bad ? bad_value : value);
    xent_tensor_destroy(t);
}

static xent_tensor *build(const struct scene *s, enum layer_tensor which)
{
    const struct described *d = &s->tensors[which];
    xent_tensor *t = NULL;
    if (d->absent || (s->forward && (which > LAYER_LOSS || which == LAYER_GRAD_LOSS))) return NULL;
    if (d->read_only)
        expect_ok(xent_tensor_wrap_const(&t, d->dtype, d->ndim, d->shape, d->strides, memory_of(s, which)));
    else
        expect_ok(xent_tensor_wrap(&t, d->dtype, d->ndim, d->shape, d->strides, memory_of(s, which)));
    return t;
}

static xent_status call(struct scene *s, xent_tensor *const t[LAYER_TENSORS])
{
    const xent_linear *layer = s->no_layer ? NULL : &s->given.layer;
    if (s->forward) return xent_linear_cross_entropy(layer, t[LAYER_TARGET], &s->options, t[LAYER_LOSS]);
    return xent_linear_cross_entropy_grad(layer, t[LAYER_TARGET], &s->options, t[LAYER_GRAD_LOSS], t[LAYER_LOSS],
                                          t[LAYER_GRAD_HIDDEN], t[LAYER_GRAD_WEIGHT], t[LAYER_GRAD_BIAS]);
}

static void name_tensors(struct scene *s, xent_tensor *const t[LAYER_TENSORS])
{
    s->given.layer.hidden = t[LAYER_HIDDEN];
    s->given.layer.weight = t[LAYER_WEIGHT];
    s->given.layer.bias = t[LAYER_BIAS];
    s->given.layer.user = &s->gemm;
    s->given.layer.gemm = s->no_gemm ? NULL : gemm_in_order;
    s->options.class_weight = t[LAYER_CLASS_WEIGHT];
    s->options.row_weight = t[LAYER_ROW_WEIGHT];
}

xent_status scene_call(struct scene *s, bool *changed)
{
    xent_tensor *t[LAYER_TENSORS];
    xent_status status;
    memset(arena.slots, PATTERN, sizeof arena.slots);
    fill(s, LAYER_CLASS_WEIGHT, 1, 7, s->bad_class_weight ? -1 : 1);
    fill(s, LAYER_ROW_WEIGHT, 1, 1, s->bad_row_weight ? -1 : 1);
    fill(s, LAYER_TARGET, 3, 2, s->bad_target ? CLASSES : 3);
    for (int which = 0; which < LAYER_TENSORS; which++) t[which] = build(s, (enum layer_tensor)which);
    name_tensors(s, t);
    memcpy(before, arena.slots, sizeof before);
    if (s->no_memory) allocations_begin(0);
    status = call(s, t);
    (void)allocations_end();
    *changed = memcmp(before, arena.slots, sizeof before) != 0;
    for (int which = 0; which < LAYER_TENSORS; which++) xent_tensor_destroy(t[which]);
    return status;
}
