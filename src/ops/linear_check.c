/* The checks of a linear layer with its loss, in the order of xent.h. Those of the loss are ops/loss_check.c's, for logits that have a
 * shape and no memory. */
#include "args/check.h"
#include "args/options.h"
#include "args/struct.h"
#include "ops/linear.h"
#include "ops/loss_check.h"
#include "rows/chunk.h"

static xent_status check_layer_null(struct xent_linear_loss *call)
{
    static const struct xent_struct_words words = { "layer", "xent_linear", "field" };
    XENT_TRY(xent_check_not_null("layer", call->given));
    XENT_TRY(xent_struct_read(&words, call->given, sizeof call->layer, &call->layer));
    XENT_TRY(xent_check_not_null("layer->hidden", call->layer.hidden));
    XENT_TRY(xent_check_not_null("layer->weight", call->layer.weight));
    if (call->layer.gemm == NULL) return xent_fail_null("layer->gemm");
    return XENT_OK;
}

static xent_status check_null(struct xent_linear_loss *call)
{
    const struct xent_loss *loss = &call->loss;
    XENT_TRY(check_layer_null(call));
    XENT_TRY(xent_check_not_null("target", loss->target));
    if (!loss->with_gradient) return xent_check_not_null("loss", loss->loss);
    if (loss->loss == NULL && !xent_linear_has_gradient(call))
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "loss and all gradients are NULL, expected at least one output");
    if (call->grad_bias != NULL && call->layer.bias == NULL)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "grad_bias is not NULL, expected NULL: layer->bias is");
    return XENT_OK;
}

/* Whole chunks, so that the losses have the same bits; the gradients come of whole rows. */
static xent_status check_block_classes(const struct xent_linear_loss *call)
{
    const int64_t classes = call->layer.block_classes;
    if (classes < 0 || classes % XENT_CHUNK != 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "layer->block_classes is %lld, expected 0 (all) or a multiple of %d",
                         (long long)classes, XENT_CHUNK);
    if (classes != 0 && xent_linear_has_gradient(call))
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "layer->block_classes is %lld, expected 0: a gradient is wanted",
                         (long long)classes);
    return XENT_OK;
}

static xent_status check_options(struct xent_linear_loss *call)
{
    const xent_linear *layer = &call->layer;
    if (layer->block_rows < 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "layer->block_rows is %lld, expected 0 (automatic) or more",
                         (long long)layer->block_rows);
    XENT_TRY(check_block_classes(call));
    if (layer->accumulate != 0 && layer->accumulate != 1)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "layer->accumulate is %d, expected 0 or 1", (int)layer->accumulate);
    if (layer->reserved != 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "layer->reserved is %d, expected 0", (int)layer->reserved);
    return xent_options_read(call->loss.given, &call->loss.options);
}

static xent_status check_like_logits(const struct xent_linear_loss *call, const char *name, const struct xent_tensor *tensor)
{
    return tensor == NULL ? XENT_OK : xent_check_same_dtype(name, tensor, "the logits", &call->logits);
}

static xent_status check_dtypes(struct xent_linear_loss *call)
{
    const struct xent_tensor *hidden = call->layer.hidden, *weight = call->layer.weight, *bias = call->layer.bias;
    XENT_TRY(xent_check_floating("hidden", hidden));
    XENT_TRY(xent_check_floating("weight", weight));
    if (bias != NULL) XENT_TRY(xent_check_floating("bias", bias));
    call->logits.dtype = hidden->dtype == XENT_F64 || weight->dtype == XENT_F64 ? XENT_F64 : XENT_F32;
    call->logits.size = xent_element_size(call->logits.dtype);
    XENT_TRY(xent_loss_check_dtypes(&call->loss));
    if (call->grad_hidden != NULL) XENT_TRY(xent_check_floating("grad_hidden", call->grad_hidden));
    XENT_TRY(check_like_logits(call, "grad_weight", call->grad_weight));
    return check_like_logits(call, "grad_bias", call->grad_bias);
}

/* A matrix whose rows a product can read or write where they are. */
static xent_status check_rows(const char *name, const struct xent_tensor *tensor)
{
    const int64_t *shape = tensor->shape, *strides = tensor->strides;
    bool contiguous = shape[1] <= 1 || strides[1] == 1, apart = shape[0] <= 1 || strides[0] >= shape[1];
    if (tensor->numel == 0 || (contiguous && apart)) return XENT_OK;
    return xent_fail(XENT_ERROR_SHAPE, "%s has strides (%lld, %lld), expected rows of contiguous elements, none over another",
                     name, (long long)strides[0], (long long)strides[1]);
}

static xent_status check_matrix(const char *name, const struct xent_tensor *tensor)
{
    if (tensor->ndim != 2) return xent_fail(XENT_ERROR_SHAPE, "%s has rank %d, expected 2", name, (int)tensor->ndim);
    return check_rows(name, tensor);
}

static xent_status check_per_class(const char *name, const struct xent_tensor *tensor, const struct xent_tensor *weight)
{
    if (tensor == NULL) return XENT_OK;
    return xent_check_shape(name, tensor, weight, 1, "one for each row of weight");
}

static xent_status check_layer_shapes(struct xent_linear_loss *call)
{
    const struct xent_tensor *hidden = call->layer.hidden, *weight = call->layer.weight;
    XENT_TRY(check_matrix("hidden", hidden));
    XENT_TRY(check_matrix("weight", weight));
    if (weight->shape[1] != hidden->shape[1])
        return xent_fail(XENT_ERROR_SHAPE, "weight has shape (%lld, %lld), expected rows of %lld, as hidden has",
                         (long long)weight->shape[0], (long long)weight->shape[1], (long long)hidden->shape[1]);
    call->rows = call->logits.shape[0] = hidden->shape[0];
    call->classes = call->logits.shape[1] = weight->shape[0];
    call->features = hidden->shape[1];
    return check_per_class("bias", call->layer.bias, weight);
}

static xent_status check_gradient_shapes(const struct xent_linear_loss *call)
{
    const struct xent_tensor *hidden = call->layer.hidden, *weight = call->layer.weight;
    if (call->grad_hidden != NULL)
        XENT_TRY(xent_check_shape("grad_hidden", call->grad_hidden, hidden, XENT_NO_AXIS, "that of hidden"));
    if (call->grad_weight != NULL) {
        XENT_TRY(xent_check_shape("grad_weight", call->grad_weight, weight, XENT_NO_AXIS, "that of weight"));
        XENT_TRY(check_rows("grad_weight", call->grad_weight));
    }
    return check_per_class("grad_bias", call->grad_bias, weight);
}

static xent_status check_shapes(struct xent_linear_loss *call)
{
    XENT_TRY(check_layer_shapes(call));
    XENT_TRY(xent_loss_check_shapes(&call->loss));
    if (call->loss.axis != 1)
        return xent_fail(XENT_ERROR_SHAPE, "axis is %d, expected 1: the classes of the logits are the rows of weight",
                         (int)call->loss.options.axis);
    XENT_TRY(check_gradient_shapes(call));
    if (__builtin_mul_overflow(call->rows, call->classes, &call->logits.numel))
        return xent_fail(XENT_ERROR_OVERFLOW, "hidden has %lld rows and weight %lld, whose product exceeds %lld",
                         (long long)call->rows, (long long)call->classes, (long long)INT64_MAX);
    if (xent_linear_tiles(call) > INT32_MAX)
        return xent_fail(XENT_ERROR_OVERFLOW, "layer->block_classes is %lld of %lld classes: more than %d blocks a row",
                         (long long)call->layer.block_classes, (long long)call->classes, (int)INT32_MAX);
    return XENT_OK;
}

/* Each output may be written and overlaps no input, nor an output before it. */
static xent_status check_outputs(const struct xent_linear_loss *call)
{
    const struct xent_loss *loss = &call->loss;
    const struct {
        const char *name;
        const struct xent_tensor *tensor;
    } inputs[] = { { "hidden", call->layer.hidden },
                   { "weight", call->layer.weight },
                   { "bias", call->layer.bias },
                   { "target", loss->target },
                   { "class_weight", loss->options.class_weight },
                   { "row_weight", loss->options.row_weight },
                   { "grad_loss", loss->grad_loss } },
      outputs[] = { { "loss", loss->loss },
                    { "grad_hidden", call->grad_hidden },
                    { "grad_weight", call->grad_weight },
                    { "grad_bias", call->grad_bias } };
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        const struct xent_tensor *output = outputs[i].tensor;
        if (output == NULL) continue;
        XENT_TRY(xent_check_output(outputs[i].name, output));
        for (size_t k = 0; k < sizeof inputs / sizeof inputs[0]; k++)
            XENT_TRY(xent_check_apart(outputs[i].name, output, inputs[k].name, inputs[k].tensor, false));
        for (size_t k = 0; k < i; k++)
            XENT_TRY(xent_check_apart(outputs[i].name, output, outputs[k].name, outputs[k].tensor, false));
    }
    return XENT_OK;
}

xent_status xent_linear_check(void *checked)
{
    struct xent_linear_loss *call = checked;
    struct xent_loss *loss = &call->loss;
    loss->kind = &xent_loss_of_logits;
    loss->logits = &call->logits;
    call->logits = (struct xent_tensor){ .ndim = 2, .floating = true };
    XENT_TRY(check_null(call));
    XENT_TRY(check_options(call));
    xent_loss_begin_checks(loss);
    XENT_TRY(check_dtypes(call));
    XENT_TRY(check_shapes(call));
    XENT_TRY(check_outputs(call));
    return xent_loss_check_values(loss);
}
