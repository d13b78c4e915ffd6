#ifndef XENT_TESTS_CASE_CALL_H
#define XENT_TESTS_CASE_CALL_H

#include "case_file.h"

/* A case put to the library, its tensors by their roles; NULL where the case has none. */
struct golden_call {
    const struct golden_case *g;
    xent_tensor *tensor[ROLES]; /* the output is the input or the upstream gradient where the case is in place */
    double divisor;
};

/* Makes the tensors and calls; a status other than XENT_OK fails the running test. */
struct golden_call golden_call_run(const struct golden_case *g);
void golden_call_free(struct golden_call *call);

#endif
