#include "case_call.h"

#include <stdlib.h>

/* ---- Tensors ----------------------------------------------------------------------------------------------------------- */

/* The dimension along which a broadcast tensor has stride 0: the longest one, `kept` only where there is no other. */
static int32_t stretched(int32_t ndim, const int64_t *shape, int32_t kept)
{
    int32_t longest = -1;
    for (int32_t d = 0; d < ndim; d++)
        if ((d != kept || ndim == 1) && (longest < 0 || shape[d] > shape[longest])) longest = d;
    return longest;
}

static xent_tensor *tensor_broadcast(xent_dtype dtype, int32_t ndim, const int64_t *shape, int32_t kept)
{
    const int32_t constant = stretched(ndim, shape, kept);
    int64_t strides[XENT_MAX_NDIM], size = 1;
    for (int32_t d = ndim - 1; d >= 0; d--) {
        strides[d] = d == constant ? 0 : size;
        size *= d == constant ? 1 : shape[d];
    }
    void *memory = calloc((size_t)size, xent_dtype_size(dtype));
    assert_non_null(memory);
    return tensor_strided(dtype, ndim, shape, strides, memory);
}

/* An input that holds the list; `kept` as above, -1 for none. NULL if the case has no such list. */
static xent_tensor *tensor_with(int32_t dtype, int32_t ndim, const int64_t *shape, int32_t layout, int32_t kept,
                                const struct numbers *list)
{
    if (list->value == NULL) return NULL;
    xent_tensor *t = layout == BROADCAST ? tensor_broadcast((xent_dtype)dtype, ndim, shape, kept)
                                         : tensor_new((xent_dtype)dtype, ndim, shape, (enum layout)layout);
    assert_int_equal(xent_tensor_numel(t), list->count);
    for (int64_t i = 0; i < list->count; i++) tensor_set(t, i, list->value[i]);
    return t;
}

static void make_inputs(struct golden_call *call)
{
    const struct golden_case *g = call->g;
    const int32_t axis = g->operation == LOG ? -1 : golden_class_axis(g);
    call->input = tensor_with(g->dtype, g->ndim, g->shape, g->layout, axis, &g->input);
    call->upstream = tensor_with(g->dtype, g->ndim, g->shape, g->operand_layout, -1, &g->upstream);
    if (g->target == 0) return;
    int64_t batch[XENT_MAX_NDIM];
    const int64_t classes = golden_class_count(g);
    const int32_t rank = g->options.reduction == XENT_REDUCTION_NONE ? g->ndim - 1 : 0;
    golden_batch_shape(g, batch);
    call->target = g->classes.value != NULL
                       ? tensor_with(g->target, g->ndim - 1, batch, g->operand_layout, -1, &g->classes)
                       : tensor_with(g->target, g->ndim, g->shape, g->operand_layout, axis, &g->probabilities);
    call->weight = tensor_with(g->class_weight, 1, &classes, g->operand_layout, -1, &g->weights);
    call->grad_loss = tensor_with(g->grad_loss, rank, batch, g->operand_layout, -1, &g->grad_losses);
}

static void make_loss(struct golden_call *call)
{
    const struct golden_case *g = call->g;
    const bool per_row = g->operation == LOGSUMEXP || g->options.reduction == XENT_REDUCTION_NONE;
    int64_t batch[XENT_MAX_NDIM];
    golden_batch_shape(g, batch);
    call->loss = tensor_new((xent_dtype)g->loss, per_row ? g->ndim - 1 : 0, batch, (enum layout)g->out_layout);
}

/* An output of the input's shape. */
static xent_tensor *output_of(const struct golden_call *call)
{
    const struct golden_case *g = call->g;
    if (g->in_place == IN_PLACE_INPUT) return call->input;
    if (g->in_place == IN_PLACE_UPSTREAM) return call->upstream;
    return tensor_new((xent_dtype)g->dtype, g->ndim, g->shape, (enum layout)g->out_layout);
}

/* ---- The call ---------------------------------------------------------------------------------------------------------- */

static void run_pointwise(struct golden_call *call)
{
    const struct golden_case *g = call->g;
    if (g->operation == LOGSUMEXP) {
        make_loss(call);
        call->output = call->loss;
        call->loss = NULL;
        expect_ok(xent_logsumexp(call->input, g->axis, call->output));
        return;
    }
    call->output = output_of(call);
    if (g->operation == LOG)
        expect_ok(xent_log(call->input, call->output));
    else if (g->operation == SOFTMAX)
        expect_ok(xent_softmax(call->input, g->axis, call->output));
    else
        expect_ok(xent_log_softmax(call->input, g->axis, call->output));
}

static void run_loss(struct golden_call *call, const xent_options *options)
{
    const struct golden_case *g = call->g;
    if (g->loss != 0) make_loss(call);
    if (g->operation == NLL_LOSS) {
        expect_ok(xent_nll_loss(call->input, call->target, options, call->loss));
    } else if (g->operation == CROSS_ENTROPY) {
        expect_ok(xent_cross_entropy(call->input, call->target, options, call->loss));
    } else {
        call->gradient = output_of(call);
        expect_ok(xent_cross_entropy_grad(call->input, call->target, options, call->grad_loss, call->loss, call->gradient));
    }
}

static void run_backward(struct golden_call *call, const xent_options *options)
{
    const struct golden_case *g = call->g;
    call->gradient = output_of(call);
    if (g->operation == SOFTMAX_BACKWARD)
        expect_ok(xent_softmax_backward(call->input, call->upstream, g->axis, call->gradient));
    else if (g->operation == LOG_SOFTMAX_BACKWARD)
        expect_ok(xent_log_softmax_backward(call->input, call->upstream, g->axis, call->gradient));
    else
        expect_ok(xent_nll_loss_backward(call->input, call->target, options, call->grad_loss, call->gradient));
}

struct golden_call golden_call_run(const struct golden_case *g)
{
    struct golden_call call = { .g = g };
    xent_options options = g->options;
    make_inputs(&call);
    options.axis = g->axis;
    options.class_weight = call.weight;
    if (g->operation <= LOGSUMEXP)
        run_pointwise(&call);
    else if (g->operation <= CROSS_ENTROPY_GRAD)
        run_loss(&call, &options);
    else if (g->operation == MEAN_DIVISOR)
        expect_ok(xent_mean_divisor(call.target, &options, &call.divisor));
    else
        run_backward(&call, &options);
    return call;
}

void golden_call_free(struct golden_call *call)
{
    if (call->g->in_place == OUT_OF_PLACE) {
        tensor_free(call->output);
        tensor_free(call->gradient);
    }
    tensor_free(call->loss);
    tensor_free(call->input);
    tensor_free(call->upstream);
    tensor_free(call->target);
    tensor_free(call->weight);
    tensor_free(call->grad_loss);
}
