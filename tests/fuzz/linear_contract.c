/* What xent.h says of linear layers, in its stages. */
#include "contract.h"
#include "linear_call.h"

static const struct argument *given(const struct linear_call *c, int which)
{
    return c->stage.argument[which].given ? &c->stage.argument[which] : NULL;
}

static bool has_gradient(const struct linear_call *c)
{
    return given(c, LAYER_GRAD_HIDDEN) != NULL || given(c, LAYER_GRAD_WEIGHT) != NULL || given(c, LAYER_GRAD_BIAS) != NULL;
}

static bool missing(const struct linear_call *c)
{
    if (given(c, LINEAR_LAYER) == NULL || !contract_struct_size(c->layer_size, sizeof(xent_linear), c->tail)) return true;
    if (given(c, LAYER_HIDDEN) == NULL || given(c, LAYER_WEIGHT) == NULL || given(c, LAYER_TARGET) == NULL || c->without_gemm)
        return true;
    if (given(c, LAYER_LOSS) == NULL && (!c->gradients || !has_gradient(c))) return true;
    return given(c, LAYER_GRAD_BIAS) != NULL && given(c, LAYER_BIAS) == NULL;
}

static bool wrong_options(const struct linear_call *c)
{
    const struct layer *l = &c->layer;
    if (l->block_classes < 0 || l->block_classes % 4096 != 0 || (l->block_classes != 0 && has_gradient(c))) return true;
    return l->block_rows < 0 || (l->accumulate != 0 && l->accumulate != 1) || c->reserved != 0 ||
           contract_options(&l->options, c->tail) != 0;
}

static bool wrong_dtypes(const struct linear_call *c)
{
    const struct argument *hidden = given(c, LAYER_HIDDEN), *weight = given(c, LAYER_WEIGHT);
    const xent_dtype logits = hidden->dtype == XENT_F64 || weight->dtype == XENT_F64 ? XENT_F64 : XENT_F32;
    for (int which = 0; which < LAYER_TENSORS; which++) {
        const struct argument *a = given(c, which);
        const bool of_logits = which == LAYER_GRAD_WEIGHT || which == LAYER_GRAD_BIAS;
        if (which != LAYER_TARGET && !contract_floating(a)) return true;
        if (a != NULL && of_logits && a->dtype != logits) return true;
    }
    return false;
}

/* Rows of contiguous numbers, one behind the other. */
static bool is_matrix(const struct argument *a)
{
    if (a == NULL) return true;
    if (a->ndim != 2) return false;
    if (argument_elements(a) == 0) return true;
    return (a->shape[1] == 1 || a->strides[1] == 1) && (a->shape[0] == 1 || a->strides[0] >= a->shape[1]);
}

static bool has_shape(const struct argument *a, int32_t ndim, int64_t first, int64_t second)
{
    return a == NULL || (a->ndim == ndim && a->shape[0] == first && (ndim < 2 || a->shape[1] == second));
}

static bool wrong_shapes(const struct linear_call *c)
{
    const struct argument *hidden = given(c, LAYER_HIDDEN), *weight = given(c, LAYER_WEIGHT), *target = given(c, LAYER_TARGET);
    const struct argument *loss = given(c, LAYER_LOSS), *grad_loss = given(c, LAYER_GRAD_LOSS);
    const xent_options *o = &c->layer.options;
    if (!is_matrix(hidden) || !is_matrix(weight) || !is_matrix(given(c, LAYER_GRAD_WEIGHT))) return true;
    const int64_t n = hidden->shape[0], classes = weight->shape[0], d = hidden->shape[1];
    const bool axis = o->axis == 1 || o->axis == -1 || o->axis == XENT_AXIS_DEFAULT;
    if (weight->shape[1] != d || !axis || (classes == 0 && n > 0)) return true;
    if (!has_shape(target, target->dtype <= XENT_BF16 ? 2 : 1, n, classes)) return true;
    if (!has_shape(given(c, LAYER_BIAS), 1, classes, 0) || !has_shape(given(c, LAYER_CLASS_WEIGHT), 1, classes, 0)) return true;
    if (!has_shape(given(c, LAYER_ROW_WEIGHT), 1, n, 0) || !has_shape(given(c, LAYER_GRAD_BIAS), 1, classes, 0)) return true;
    if (!has_shape(given(c, LAYER_GRAD_HIDDEN), 2, n, d) || !has_shape(given(c, LAYER_GRAD_WEIGHT), 2, classes, d)) return true;
    if (o->reduction == XENT_REDUCTION_NONE) return !has_shape(loss, 1, n, 0) || !has_shape(grad_loss, 1, n, 0);
    return (loss != NULL && argument_elements(loss) != 1) || (grad_loss != NULL && argument_elements(grad_loss) != 1);
}

static statuses outputs(const struct linear_call *c)
{
    statuses refused = 0;
    for (int which = LAYER_LOSS; which < LAYER_TENSORS; which++) {
        const struct argument *a = given(c, which);
        if (a == NULL) continue;
        if (a->read_only) refused |= STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT);
        if (!contract_injective(a)) refused |= STATUS_BIT(XENT_ERROR_OVERLAP);
        for (int other = 0; other < LAYER_TENSORS; other++)
            if (other != which && contract_overlap(a, given(c, other))) refused |= STATUS_BIT(XENT_ERROR_OVERLAP);
    }
    return refused;
}

/* Where the product may fail: whether it is asked so often is the library's affair. */
static statuses of_gemm(const struct linear_call *c)
{
    const int answer = c->gemm.answer;
    if (c->gemm.fail_at == 0) return STATUS_BIT(XENT_OK);
    if (answer == XENT_ERROR_OVERFLOW || answer == XENT_ERROR_NO_MEMORY) return STATUS_BIT(XENT_OK) | STATUS_BIT(answer);
    return STATUS_BIT(XENT_OK) | STATUS_BIT(XENT_ERROR_UNSUPPORTED);
}

statuses linear_contract(const struct linear_call *c)
{
    const struct argument *target = given(c, LAYER_TARGET);
    if (missing(c) || wrong_options(c)) return STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT);
    if (wrong_dtypes(c)) return STATUS_BIT(XENT_ERROR_DTYPE);
    if (wrong_shapes(c)) return STATUS_BIT(XENT_ERROR_SHAPE);
    if (outputs(c) != 0) return outputs(c);
    if (!contract_weights(given(c, LAYER_CLASS_WEIGHT)) || !contract_weights(given(c, LAYER_ROW_WEIGHT)))
        return STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT);
    if (target->dtype > XENT_BF16 && !contract_indices(target, given(c, LAYER_WEIGHT)->shape[0], c->layer.options.ignore_index))
        return STATUS_BIT(XENT_ERROR_TARGET);
    return of_gemm(c);
}
