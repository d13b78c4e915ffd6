#ifndef XENT_BENCH_INSTRUCTIONS_BATCH_H
#define XENT_BENCH_INSTRUCTIONS_BATCH_H

#include <xent.h>

/* All that a call may take, made ready. p are the probabilities of the logits and logp their logarithms; per_row has a number for
   each row, index and best are the best 20 classes of each. target and loss are what the call is given: class indices and one number, unless an option says otherwise. */
struct batch {
    xent_tensor *logits, *indices, *one, *grad, *p, *logp, *upstream, *per_row, *class_weight, *row_weight, *index, *best;
    const xent_tensor *target, *grad_loss;
    xent_tensor *loss;
    xent_stats stats; /* all of them */
    xent_options options;
};

/* The class axis is axis 1. The same numbers in every run: the way of a call may depend on where a row's maximum lies. */
struct batch batch_new(xent_dtype dtype, int32_t ndim, const int64_t *shape);
void batch_free(const struct batch *b);

/* Ends the program where a call fails that must not. */
void require(xent_status status);

#endif
