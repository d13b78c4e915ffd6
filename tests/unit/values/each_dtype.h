/* Tests that run once for each floating dtype. */
#ifndef XENT_TESTS_EACH_DTYPE_H
#define XENT_TESTS_EACH_DTYPE_H

#include "support/tensors.h"

/* Chooses the backend (see require_backend) and runs each test with each dtype; *state is an xent_dtype. At most 20 tests. */
int run_on_all_dtypes(const struct CMUnitTest *each, size_t count);

#endif
