#include "case_call.h"

#include <stdlib.h>
#include <string.h>

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
    const int32_t axis = operations[g->operation].axis ? golden_class_axis(g) : -1;
    call->tensor[ROLE_INPUT] = tensor_with(g->dtype, g->ndim, g->shape, g->layout, axis, &g->input);
    call->tensor[ROLE_UPSTREAM] = tensor_with(g->dtype, g->ndim, g->shape, g->operand_layout, -1, &g->upstream);
    if (g->target == 0) return;
    int64_t batch[XENT_MAX_NDIM];
    const int64_t classes = golden_class_count(g);
    const int32_t rank = g->options.reduction == XENT_REDUCTION_NONE ? g->ndim - 1 : 0;
    golden_batch_shape(g, batch);
    call->tensor[ROLE_CLASSES] = tensor_with(g->target, g->ndim - 1, batch, g->operand_layout, -1, &g->classes);
    call->tensor[ROLE_PROBABILITIES] = tensor_with(g->target, g->ndim, g->shape, g->operand_layout, axis, &g->probabilities);
    call->tensor[ROLE_WEIGHT] = tensor_with(g->class_weight, 1, &classes, g->operand_layout, -1, &g->weights);
    call->tensor[ROLE_ROW_WEIGHT] = tensor_with(g->row_weight, g->ndim - 1, batch, g->operand_layout, -1, &g->row_weights);
    call->tensor[ROLE_GRAD_LOSS] = tensor_with(g->grad_loss, rank, batch, g->operand_layout, -1, &g->grad_losses);
}

static void make_outputs(struct golden_call *call)
{
    const struct golden_case *g = call->g;
    const struct operation *o = &operations[g->operation];
    const bool per_row = operation_extent(o, ROLE_LOSS) == EXTENT_ROWS || g->options.reduction == XENT_REDUCTION_NONE;
    int64_t batch[XENT_MAX_NDIM];
    golden_batch_shape(g, batch);
    if (operation_takes(o, ROLE_LOSS) && g->loss != 0)
        call->tensor[ROLE_LOSS] = tensor_new((xent_dtype)g->loss, per_row ? g->ndim - 1 : 0, batch, (enum layout)g->out_layout);
    if (!operation_takes(o, ROLE_OUTPUT)) return;
    call->tensor[ROLE_OUTPUT] = g->in_place == IN_PLACE_INPUT ? call->tensor[ROLE_INPUT]
                                : g->in_place == IN_PLACE_UPSTREAM
                                    ? call->tensor[ROLE_UPSTREAM]
                                    : tensor_new((xent_dtype)g->dtype, g->ndim, g->shape, (enum layout)g->out_layout);
}

/* ---- The call ---------------------------------------------------------------------------------------------------------- */

struct golden_call golden_call_run(const struct golden_case *g)
{
    struct golden_call call = { .g = g };
    xent_options options = g->options;
    make_inputs(&call);
    make_outputs(&call);
    options.axis = g->axis;
    options.class_weight = call.tensor[ROLE_WEIGHT];
    options.row_weight = call.tensor[ROLE_ROW_WEIGHT];
    struct arguments a = { .options = &options, .axis = g->axis, .divisor = &call.divisor };
    memcpy(a.tensor, call.tensor, sizeof a.tensor);
    expect_ok(operations[g->operation].call(&a));
    return call;
}

void golden_call_free(struct golden_call *call)
{
    if (call->g->in_place != OUT_OF_PLACE) call->tensor[ROLE_OUTPUT] = NULL;
    for (int role = 0; role < ROLES; role++) tensor_free(call->tensor[role]);
}
