#ifndef XENT_TESTS_LINEAR_H
#define XENT_TESTS_LINEAR_H

#include "gemm.h"
#include "tensors.h"

/* Linear layers with their loss: random problems, and what two steps make of them, each with all logits at once. */

/* What a tensor is to the call; the first are inputs. */
enum layer_tensor {
    LAYER_HIDDEN,
    LAYER_WEIGHT,
    LAYER_BIAS,
    LAYER_TARGET,
    LAYER_CLASS_WEIGHT,
    LAYER_ROW_WEIGHT,
    LAYER_GRAD_LOSS,
    LAYER_LOSS, /* and those from here on are outputs */
    LAYER_GRAD_HIDDEN,
    LAYER_GRAD_WEIGHT,
    LAYER_GRAD_BIAS,
    LAYER_TENSORS
};
extern const char *const layer_tensor_names[LAYER_TENSORS];

struct layer {
    uint64_t seed;
    int64_t rows, classes, features;
    xent_dtype dtype[LAYER_TENSORS]; /* 0: there is none; those of grad_weight and grad_bias are the logits', unless 0 */
    int64_t gap;          /* elements between rows of hidden, weight and their gradients; their columns are apart where < 0, as
                                        only grad_hidden's may be */
    xent_options options; /* but for the weights */
    int64_t block_rows, block_classes;
    int32_t accumulate;
};

/* Of these extents and dtypes: class indices, MEAN, all outputs, no weights, no grad_loss. */
struct layer layer_of(int64_t rows, int64_t classes, int64_t features, xent_dtype hidden, xent_dtype weight);

xent_dtype layer_logits_dtype(const struct layer *l);

struct layer_tensors {
    xent_tensor *tensor[LAYER_TENSORS];
};

/* Inputs that are drawn, and outputs that hold numbers. */
struct layer_tensors layer_tensors_of(const struct layer *l);
void layer_tensors_free(struct layer_tensors *t);

/* The options and the layer as the library takes them; with outputs that are not NULL, whichever. */
xent_status layer_call(const struct layer *l, const struct layer_tensors *t, xent_gemm gemm, void *user);
xent_status layer_call_forward(const struct layer *l, const struct layer_tensors *t, xent_gemm gemm, void *user);

/* The same by a product for all logits, xent_cross_entropy_grad, and a product for each gradient. */
void layer_two_steps(const struct layer *l, const struct layer_tensors *t);

/* All outputs of both have the same bits. */
void expect_same_outputs(const struct layer_tensors *a, const struct layer_tensors *b);

#endif
