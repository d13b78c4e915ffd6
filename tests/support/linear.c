#include "linear.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"

const char *const layer_tensor_names[LAYER_TENSORS] = { "hidden",       "weight",      "bias",      "target",
                                                        "class_weight", "row_weight",  "grad_loss", "loss",
                                                        "grad_hidden",  "grad_weight", "grad_bias" };

struct layer layer_of(int64_t rows, int64_t classes, int64_t features, xent_dtype hidden, xent_dtype weight)
{
    const xent_options defaults = XENT_OPTIONS_INIT;
    struct layer l = { .seed = 1, .rows = rows, .classes = classes, .features = features, .options = defaults };
    l.dtype[LAYER_HIDDEN] = hidden;
    l.dtype[LAYER_WEIGHT] = weight;
    l.dtype[LAYER_TARGET] = XENT_I64;
    l.dtype[LAYER_LOSS] = XENT_F64;
    l.dtype[LAYER_GRAD_HIDDEN] = l.dtype[LAYER_GRAD_WEIGHT] = layer_logits_dtype(&l);
    return l;
}

xent_dtype layer_logits_dtype(const struct layer *l)
{
    return l->dtype[LAYER_HIDDEN] == XENT_F64 || l->dtype[LAYER_WEIGHT] == XENT_F64 ? XENT_F64 : XENT_F32;
}

/* ---- Tensors ----------------------------------------------------------------------------------------------------------- */

static bool is_matrix(enum layer_tensor which)
{
    return which == LAYER_HIDDEN || which == LAYER_WEIGHT || which == LAYER_GRAD_HIDDEN || which == LAYER_GRAD_WEIGHT;
}

static bool has_rows(enum layer_tensor which)
{
    return which == LAYER_HIDDEN || which == LAYER_GRAD_HIDDEN || which == LAYER_TARGET || which == LAYER_ROW_WEIGHT;
}

static xent_tensor *shaped(const struct layer *l, enum layer_tensor which)
{
    const xent_dtype dtype = l->dtype[which];
    int64_t shape[2] = { has_rows(which) ? l->rows : l->classes, is_matrix(which) ? l->features : l->classes };
    const int64_t step = which == LAYER_GRAD_HIDDEN && l->gap < 0 ? 2 : 1, gap = l->gap < 0 ? 0 : l->gap;
    const int64_t strides[2] = { step * (l->features + gap), step };
    if (which == LAYER_LOSS || which == LAYER_GRAD_LOSS) {
        shape[0] = l->rows;
        return tensor_new(dtype, l->options.reduction == XENT_REDUCTION_NONE, shape, ROW_MAJOR);
    }
    if (which == LAYER_TARGET) return tensor_new(dtype, dtype >= XENT_I64 ? 1 : 2, shape, ROW_MAJOR);
    if (!is_matrix(which)) return tensor_new(dtype, 1, shape, ROW_MAJOR);
    char *memory = calloc((size_t)(shape[0] * strides[0] + 1), xent_dtype_size(dtype));
    assert_non_null(memory);
    return tensor_strided(dtype, 2, shape, strides, memory);
}

static double drawn(enum layer_tensor which, const struct layer *l, struct random *r)
{
    switch (which) {
    case LAYER_TARGET: return l->dtype[which] >= XENT_I64 ? (double)random_below(r, l->classes) : random_uniform(r);
    case LAYER_CLASS_WEIGHT: return random_uniform(r) + 0.5;
    case LAYER_ROW_WEIGHT: return random_chance(r, 4) ? 0 : random_uniform(r) + 0.5;
    default: return random_normal(r);
    }
}

struct layer_tensors layer_tensors_of(const struct layer *l)
{
    struct layer_tensors t = { { NULL } };
    for (int which = 0; which < LAYER_TENSORS; which++) {
        struct random r = random_stream(l->seed, (uint64_t)which);
        if (l->dtype[which] == 0) continue;
        t.tensor[which] = shaped(l, (enum layer_tensor)which);
        for (int64_t i = 0; i < xent_tensor_numel(t.tensor[which]); i++)
            tensor_set(t.tensor[which], i, drawn((enum layer_tensor)which, l, &r));
    }
    return t;
}

void layer_tensors_free(struct layer_tensors *t)
{
    for (int which = 0; which < LAYER_TENSORS; which++) tensor_free(t->tensor[which]);
}

/* ---- Calls ------------------------------------------------------------------------------------------------------------- */

static xent_options options_of(const struct layer *l, const struct layer_tensors *t)
{
    xent_options options = l->options;
    options.class_weight = t->tensor[LAYER_CLASS_WEIGHT];
    options.row_weight = t->tensor[LAYER_ROW_WEIGHT];
    return options;
}

static xent_linear linear_of(const struct layer *l, const struct layer_tensors *t, xent_gemm gemm, void *user)
{
    xent_linear layer = XENT_LINEAR_INIT;
    layer.hidden = t->tensor[LAYER_HIDDEN];
    layer.weight = t->tensor[LAYER_WEIGHT];
    layer.bias = t->tensor[LAYER_BIAS];
    layer.gemm = gemm;
    layer.user = user;
    layer.block_rows = l->block_rows;
    layer.block_classes = l->block_classes;
    layer.accumulate = l->accumulate;
    return layer;
}

xent_status layer_call(const struct layer *l, const struct layer_tensors *t, xent_gemm gemm, void *user)
{
    const xent_options options = options_of(l, t);
    const xent_linear layer = linear_of(l, t, gemm, user);
    return xent_linear_cross_entropy_grad(&layer, t->tensor[LAYER_TARGET], &options, t->tensor[LAYER_GRAD_LOSS],
                                          t->tensor[LAYER_LOSS], t->tensor[LAYER_GRAD_HIDDEN], t->tensor[LAYER_GRAD_WEIGHT],
                                          t->tensor[LAYER_GRAD_BIAS]);
}

xent_status layer_call_forward(const struct layer *l, const struct layer_tensors *t, xent_gemm gemm, void *user)
{
    const xent_options options = options_of(l, t);
    const xent_linear layer = linear_of(l, t, gemm, user);
    return xent_linear_cross_entropy(&layer, t->tensor[LAYER_TARGET], &options, t->tensor[LAYER_LOSS]);
}

/* ---- Two steps --------------------------------------------------------------------------------------------------------- */

static int64_t row_stride(const xent_tensor *t) { return xent_tensor_strides(t)[0]; }

static void multiply(int32_t transpose, int64_t m, int64_t n, int64_t k, const xent_tensor *a, const xent_tensor *b,
                     double beta, const xent_tensor *c)
{
    struct gemm gemm = { .calls = 0 };
    if (m == 0 || n == 0 || k == 0) return;
    assert_int_equal(gemm_in_order(&gemm, transpose, m, n, k, xent_tensor_dtype(a), xent_tensor_const_data(a), row_stride(a),
                                   xent_tensor_dtype(b), xent_tensor_const_data(b), row_stride(b), beta, xent_tensor_data(c),
                                   row_stride(c)),
                     0);
}

static xent_tensor *logits_of(const struct layer *l, const struct layer_tensors *t)
{
    xent_tensor *logits = tensor_new(layer_logits_dtype(l), SHAPE(l->rows, l->classes), ROW_MAJOR);
    for (int64_t i = 0; i < l->rows * l->classes && t->tensor[LAYER_BIAS] != NULL; i++)
        tensor_set(logits, i, tensor_get(t->tensor[LAYER_BIAS], i % l->classes));
    multiply(2, l->rows, l->classes, l->features, t->tensor[LAYER_HIDDEN], t->tensor[LAYER_WEIGHT], 1, logits);
    return logits;
}

static void copy(const xent_tensor *from, xent_tensor *to)
{
    for (int64_t i = 0; i < xent_tensor_numel(to); i++) tensor_set(to, i, tensor_get(from, i));
}

static void make_grad_weight(const struct layer *l, const struct layer_tensors *t, const xent_tensor *gradient)
{
    xent_tensor *out = t->tensor[LAYER_GRAD_WEIGHT];
    for (int64_t i = 0; i < xent_tensor_numel(out) && !l->accumulate; i++) tensor_set(out, i, 0);
    multiply(1, l->classes, l->features, l->rows, gradient, t->tensor[LAYER_HIDDEN], 1, out);
}

static void make_grad_bias(const struct layer *l, const struct layer_tensors *t, const xent_tensor *gradient)
{
    for (int64_t c = 0; c < l->classes; c++) {
        double sum = l->accumulate ? tensor_get(t->tensor[LAYER_GRAD_BIAS], c) : 0;
        for (int64_t row = 0; row < l->rows; row++) sum += tensor_get(gradient, row * l->classes + c);
        tensor_set(t->tensor[LAYER_GRAD_BIAS], c, sum);
    }
}

void layer_two_steps(const struct layer *l, const struct layer_tensors *t)
{
    const xent_options options = options_of(l, t);
    xent_tensor *logits = logits_of(l, t);
    xent_tensor *grad_hidden = tensor_new(layer_logits_dtype(l), SHAPE(l->rows, l->features), ROW_MAJOR);
    expect_ok(xent_cross_entropy_grad(logits, t->tensor[LAYER_TARGET], &options, t->tensor[LAYER_GRAD_LOSS],
                                      t->tensor[LAYER_LOSS], logits));
    multiply(0, l->rows, l->features, l->classes, logits, t->tensor[LAYER_WEIGHT], 0, grad_hidden);
    if (t->tensor[LAYER_GRAD_HIDDEN] != NULL) copy(grad_hidden, t->tensor[LAYER_GRAD_HIDDEN]);
    if (t->tensor[LAYER_GRAD_WEIGHT] != NULL) make_grad_weight(l, t, logits);
    if (t->tensor[LAYER_GRAD_BIAS] != NULL) make_grad_bias(l, t, logits);
    tensor_free(grad_hidden);
    tensor_free(logits);
}

void expect_same_outputs(const struct layer_tensors *a, const struct layer_tensors *b)
{
    for (int which = LAYER_LOSS; which < LAYER_TENSORS; which++) {
        const xent_tensor *x = a->tensor[which], *y = b->tensor[which];
        assert_true((x == NULL) == (y == NULL));
        for (int64_t i = 0; i < xent_tensor_numel(x); i++) {
            if (tensor_bits(x, i) == tensor_bits(y, i)) continue;
            fail_msg("%s[%lld]: %.17g and %.17g", layer_tensor_names[which], (long long)i, tensor_get(x, i), tensor_get(y, i));
        }
    }
}
