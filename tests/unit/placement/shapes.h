/* What the tests of shapes share: every operation on one set of tensors, and its results bit by bit. */
#ifndef XENT_TESTS_SHAPES_H
#define XENT_TESTS_SHAPES_H

#include "support/tensors.h"

/* Tensors of the logits' shape: z, upstream, t, out; of the batch shape: y, grad_loss, loss; of the classes: weight. */
struct operands {
    xent_tensor *z, *upstream, *t, *out;
    xent_tensor *y, *grad_loss, *loss;
    xent_tensor *weight;
};

enum operation {
    SOFTMAX,
    LOG_SOFTMAX,
    LOGSUMEXP,
    LOG,
    NLL_LOSS,
    NLL_LOSS_OF_PROBABILITIES,
    CROSS_ENTROPY,
    CROSS_ENTROPY_OF_PROBABILITIES,
    GRADIENT,
    GRADIENT_OF_PROBABILITIES,
    GRADIENT_WITH_OPTIONS,
    SOFTMAX_BACKWARD,
    LOG_SOFTMAX_BACKWARD,
    NLL_LOSS_BACKWARD,
    NLL_LOSS_BACKWARD_OF_PROBABILITIES,
    MEAN_DIVISOR,
    OPERATIONS
};
extern const char *const operation_names[OPERATIONS];

/* Losses with NONE. The mean's divisor goes where the first loss goes. */
xent_status operate(enum operation operation, const struct operands *o, int32_t axis);

/* Whether the results are in `out`, in `loss`. */
int writes_out(enum operation operation);
int writes_loss(enum operation operation);

/* Values of tensors that hold different things, exact in every dtype; i counts as (row, class). */
double value_of_z(int64_t i);
double value_of_upstream(int64_t i);
double value_of_t(int64_t i);
double value_of_y(int64_t row, int64_t classes);
double value_of_grad_loss(int64_t row);
double value_of_weight(int64_t c);

#endif
