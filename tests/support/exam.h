#ifndef XENT_TESTS_EXAM_H
#define XENT_TESTS_EXAM_H

#include <stdbool.h>

#include "support/tensors.h"

/* Every use of every operation on one batch, all results in one piece of memory: for tests that change the surroundings of a call
   (threads, floating-point environment) and expect the same bits. */
struct exam {
    xent_tensor *logits, *log_probabilities, *classes, *target, *weight, *row_weight,
        *grad_loss; /* all but the classes of one dtype */
    unsigned char *answers;
    size_t size;
};

/* special: the batch begins with a row each of subnormal logits, with a certain class, with logits near the largest
   number, with a NaN, with masked classes, and an ignored one; without them also sums are numbers. */
struct exam exam_new(xent_dtype dtype, int64_t rows, int64_t classes, bool special);
void exam_free(struct exam *e);

/* Runs them all and returns how many calls that was; a status other than XENT_OK fails the test. */
int exam_solve(struct exam *e);

#endif
