#include "linear_call.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "support/problem.h"
#include "support/random.h"

static const xent_dtype floating[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };

/* ---- Choices ------------------------------------------------------------------------------------------------------------- */

/* Of classes, which only a loss may have. */
static void choose_tiles(struct layer *l, struct bytes *b)
{
    static const int64_t tiles[] = { 0, 0, 0, 4096, 8192, INT64_C(1) << 62 }, classes[] = { 4096, 4097, 8193, 12288 };
    l->block_classes = BYTES_ONE_OF(b, tiles);
    if (l->block_classes != 0 && l->classes > 0 && bytes_chance(b, 2)) l->classes = BYTES_ONE_OF(b, classes);
}

static void choose_layer(struct linear_call *c, struct bytes *b)
{
    static const int64_t classes[] = { 1, 2, 3, 5, 9, 64, 70, 0 }, blocks[] = { 0, 1, 2, 3, 100, INT64_MAX };
    struct layer *l = &c->layer;
    const xent_dtype hidden = BYTES_ONE_OF(b, floating), weight = bytes_chance(b, 2) ? BYTES_ONE_OF(b, floating) : hidden;
    *l = layer_of(bytes_below(b, 8), BYTES_ONE_OF(b, classes), bytes_below(b, 6), hidden, weight);
    l->seed = bytes_number(b, 2);
    l->gap = bytes_below(b, 3);
    l->block_rows = BYTES_ONE_OF(b, blocks);
    l->accumulate = bytes_chance(b, 2);
    l->options.reduction = (int32_t)bytes_below(b, 3);
    l->options.ignore_index = bytes_chance(b, 3) ? 1 : -100;
    l->options.label_smoothing = bytes_chance(b, 4) ? 0.1 : 0;
    l->options.z_loss = bytes_chance(b, 4) ? 0.01 : 0;
    l->options.softcap = bytes_chance(b, 4) ? 2 : 0;
    l->options.logit_scale = bytes_chance(b, 4) ? 0.7 : 1;
    l->dtype[LAYER_BIAS] = bytes_chance(b, 2) ? BYTES_ONE_OF(b, floating) : (xent_dtype)0;
    l->dtype[LAYER_TARGET] = bytes_chance(b, 3) ? BYTES_ONE_OF(b, floating) : (xent_dtype)(XENT_I64 + bytes_below(b, 8));
    l->dtype[LAYER_CLASS_WEIGHT] = bytes_chance(b, 3) ? BYTES_ONE_OF(b, floating) : (xent_dtype)0;
    l->dtype[LAYER_ROW_WEIGHT] = bytes_chance(b, 3) ? BYTES_ONE_OF(b, floating) : (xent_dtype)0;
    l->dtype[LAYER_GRAD_LOSS] = bytes_chance(b, 2) ? BYTES_ONE_OF(b, floating) : (xent_dtype)0;
    l->dtype[LAYER_LOSS] = BYTES_ONE_OF(b, floating);
    l->dtype[LAYER_GRAD_HIDDEN] = BYTES_ONE_OF(b, floating);
    if (l->dtype[LAYER_BIAS] != 0) l->dtype[LAYER_GRAD_BIAS] = layer_logits_dtype(l);
    if (!c->gradients) choose_tiles(l, b);
}

static void choose_gemm(struct linear_call *c, struct bytes *b)
{
    static const int answers[] = { 1, 2, XENT_ERROR_OVERFLOW, XENT_ERROR_NO_MEMORY, -1 };
    c->gemm.only_wide = bytes_chance(b, 3);
    c->gemm.fail_at = bytes_chance(b, 6) ? 1 + (int)bytes_below(b, 6) : 0;
    c->gemm.answer = BYTES_ONE_OF(b, answers);
}

/* ---- Arguments ----------------------------------------------------------------------------------------------------------- */

static void add(struct linear_call *c, enum layer_tensor which)
{
    const struct layer *l = &c->layer;
    const bool rows = which == LAYER_HIDDEN || which == LAYER_GRAD_HIDDEN || which == LAYER_TARGET || which == LAYER_ROW_WEIGHT;
    const bool matrix =
        which == LAYER_HIDDEN || which == LAYER_WEIGHT || which == LAYER_GRAD_HIDDEN || which == LAYER_GRAD_WEIGHT;
    const bool reduced = which == LAYER_LOSS || which == LAYER_GRAD_LOSS;
    int64_t shape[2] = { rows || reduced ? l->rows : l->classes, matrix ? l->features : l->classes };
    int32_t ndim = matrix || (which == LAYER_TARGET && l->dtype[which] <= XENT_BF16) ? 2 : 1;
    if (reduced && l->options.reduction != XENT_REDUCTION_NONE) ndim = 0;
    if (l->dtype[which] == 0) return;
    struct argument *a = stage_add(&c->stage, (int)which, which >= LAYER_LOSS, l->dtype[which], ndim, shape);
    if (matrix) a->strides[0] = l->features + l->gap > 0 ? l->features + l->gap : 1;
}

static void add_arguments(struct linear_call *c, struct bytes *b)
{
    const int last = c->gradients ? LAYER_TENSORS : LAYER_LOSS + 1;
    for (int which = 0; which < last; which++) {
        const bool may_miss = c->gradients && which >= LAYER_LOSS && bytes_chance(b, 5);
        if (!may_miss && (c->gradients || which != LAYER_GRAD_LOSS)) add(c, (enum layer_tensor)which);
    }
    stage_add_bytes(&c->stage, LINEAR_OPTIONS, false, sizeof(xent_options));
    stage_add_bytes(&c->stage, LINEAR_LAYER, false, sizeof(xent_linear));
}

static void change(struct linear_call *c, struct bytes *b)
{
    switch (bytes_below(b, 14)) {
    case 0: option_fault(&c->layer.options, b); break;
    case 1: c->layer.options.axis = (int32_t)bytes_below(b, 5) - 2; break;
    case 2: c->layer_size = size_fault(&c->stage.argument[LINEAR_LAYER], sizeof(xent_linear), b); break;
    case 3: c->layer.options.struct_size = size_fault(&c->stage.argument[LINEAR_OPTIONS], sizeof(xent_options), b); break;
    case 4: c->without_gemm = true; break;
    case 5: c->layer.block_rows = -1 - bytes_below(b, 3); break;
    case 6: c->layer.accumulate = (int32_t)bytes_below(b, 4) - 1; break;
    case 7: c->reserved = (int32_t)bytes_below(b, 2); break;
    case 8: stage_miss(&c->stage, LINEAR_LAYER); break;
    case 9: c->layer.block_classes = bytes_below(b, 3) * 4096 - 4096 + bytes_below(b, 2); break;
    default: stage_fault(&c->stage, LAYER_TENSORS, b); break;
    }
}

/* ---- Values -------------------------------------------------------------------------------------------------------------- */

static void fill(const struct linear_call *c, int which)
{
    const struct argument *a = &c->stage.argument[which];
    struct random r = random_stream(c->layer.seed, (uint64_t)which);
    for (int64_t i = 0, n = argument_elements(a); i < n; i++) {
        const double normal = random_normal(&r), uniform = random_uniform(&r);
        const int64_t y = random_below(&r, c->layer.classes > 0 ? c->layer.classes : 1);
        const bool weight = which == LAYER_TARGET || which == LAYER_CLASS_WEIGHT || which == LAYER_ROW_WEIGHT;
        if (a->dtype <= XENT_BF16)
            argument_store(a, i, weight ? uniform : normal);
        else
            argument_store_integer(a, i, y);
    }
}

static void put_special(const struct linear_call *c, struct bytes *b)
{
    static const double special[] = { 0, -1, 1e30, -1e30, INFINITY, -INFINITY, NAN, 1e-40 };
    const int which = stage_pick(&c->stage, LAYER_TENSORS, b);
    const int64_t at = bytes_below(b, 256);
    const struct argument *a = which < 0 ? NULL : &c->stage.argument[which];
    if (a == NULL || argument_elements(a) == 0) return;
    if (a->dtype <= XENT_BF16)
        argument_store(a, at % argument_elements(a), BYTES_ONE_OF(b, special));
    else
        argument_store_integer(a, at % argument_elements(a), bytes_below(b, 6) - 2);
}

static void fill_structs(struct linear_call *c)
{
    const struct argument *argument = c->stage.argument;
    xent_options options = c->layer.options;
    options.class_weight = argument[LAYER_CLASS_WEIGHT].tensor;
    options.row_weight = argument[LAYER_ROW_WEIGHT].tensor;
    xent_linear layer = { c->layer_size,
                          argument[LAYER_HIDDEN].tensor,
                          argument[LAYER_WEIGHT].tensor,
                          argument[LAYER_BIAS].tensor,
                          c->without_gemm ? NULL : gemm_in_order,
                          &c->gemm,
                          c->layer.block_rows,
                          c->layer.block_classes,
                          c->layer.accumulate,
                          c->reserved };
    struct_fill(&argument[LINEAR_LAYER], &layer, sizeof layer, c->tail);
    struct_fill(&argument[LINEAR_OPTIONS], &options, sizeof options, c->tail);
}

void linear_call_open(struct linear_call *c, struct bytes *b)
{
    enum { PLACES = 6 };
    static const int faults[] = { 0, 0, 1, 1, 2 };
    memset(c, 0, sizeof *c);
    c->gradients = !bytes_chance(b, 3);
    choose_layer(c, b);
    choose_gemm(c, b);
    add_arguments(c, b);
    c->layer_size = sizeof(xent_linear);
    c->tail = bytes_chance(b, 4);
    const int changes = BYTES_ONE_OF(b, faults);
    c->plain = changes == 0;
    for (int k = 0; k < changes; k++) change(c, b);
    stage_open(&c->stage, bytes_chance(b, 2) ? 0 : 64, (size_t)bytes_below(b, 9));
    for (int which = 0; which < LAYER_TENSORS; which++)
        if (c->stage.argument[which].given) fill(c, which);
    for (int k = 0; k < PLACES && b->left >= 3; k++) put_special(c, b);
    fill_structs(c);
}

void linear_call_close(struct linear_call *c) { stage_close(&c->stage); }

/* ---- The call ------------------------------------------------------------------------------------------------------------ */

xent_status linear_call_make(void *call)
{
    struct linear_call *c = call;
    const struct argument *argument = c->stage.argument;
    const xent_linear *layer =
        argument[LINEAR_LAYER].given ? (const xent_linear *)(const void *)argument[LINEAR_LAYER].first : NULL;
    const xent_options *options = (const xent_options *)(const void *)argument[LINEAR_OPTIONS].first;
    c->gemm.calls = 0;
    if (!c->gradients)
        return xent_linear_cross_entropy(layer, argument[LAYER_TARGET].tensor, options, argument[LAYER_LOSS].tensor);
    return xent_linear_cross_entropy_grad(layer, argument[LAYER_TARGET].tensor, options, argument[LAYER_GRAD_LOSS].tensor,
                                          argument[LAYER_LOSS].tensor, argument[LAYER_GRAD_HIDDEN].tensor,
                                          argument[LAYER_GRAD_WEIGHT].tensor, argument[LAYER_GRAD_BIAS].tensor);
}

void linear_call_print(const void *call)
{
    const struct linear_call *c = call;
    const xent_options *o = &c->layer.options;
    fprintf(stderr,
            "linear, %s, %" PRId64 " rows, %" PRId64 " classes, %" PRId64 " features, blocks of %" PRId64 " rows and %" PRId64
            " classes, accumulate %d\n",
            c->gradients ? "gradients" : "loss", c->layer.rows, c->layer.classes, c->layer.features, c->layer.block_rows,
            c->layer.block_classes, (int)c->layer.accumulate);
    fprintf(
        stderr,
        "  gemm fails at %d with %d, only wide %d; layer of %zu bytes, reserved %d; options of %zu, reduction %d, axis %d\n",
        c->gemm.fail_at, c->gemm.answer, (int)c->gemm.only_wide, c->layer_size, (int)c->reserved, o->struct_size,
        (int)o->reduction, (int)o->axis);
    for (int k = 0; k < LAYER_TENSORS; k++) stage_print(&c->stage, k, layer_tensor_names[k]);
}
