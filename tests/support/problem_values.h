#ifndef XENT_TESTS_PROBLEM_VALUES_H
#define XENT_TESTS_PROBLEM_VALUES_H

#include "problem.h"

/* The values of a problem's tensors: contiguous, row-major, in the tensor's dtype. Each is drawn from a stream of its own. */

/* The logits' shape, cut at the class axis: index ((o * classes) + c) * inner + i. */
struct extents {
    int64_t outer, classes, inner;
};
struct extents problem_extents(const struct problem *p);

void fill_logits(const struct problem *p, void *out);
void fill_gradient(const struct problem *p, void *out); /* of probabilities or log-probabilities */
void fill_probabilities(const struct problem *p, void *out);
void fill_classes(const struct problem *p, void *out);
void fill_weights(const struct problem *p, void *out);
void fill_row_weights(const struct problem *p, void *out);
void fill_grad_loss(const struct problem *p, void *out);

#endif
