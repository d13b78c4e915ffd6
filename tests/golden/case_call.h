#ifndef XENT_TESTS_CASE_CALL_H
#define XENT_TESTS_CASE_CALL_H

#include "case_file.h"

/* A case put to the library. Results that the operation does not have are NULL. */
struct golden_call {
    const struct golden_case *g;
    xent_tensor *input, *upstream, *target, *weight, *grad_loss;
    xent_tensor *output, *loss, *gradient; /* output or gradient is the input or upstream where the case is in place */
    double divisor;
};

/* Makes the tensors and calls; a status other than XENT_OK fails the running test. */
struct golden_call golden_call_run(const struct golden_case *g);
void golden_call_free(struct golden_call *call);

#endif
