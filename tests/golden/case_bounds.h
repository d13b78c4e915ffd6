#ifndef XENT_TESTS_CASE_BOUNDS_H
#define XENT_TESTS_CASE_BOUNDS_H

#include "case_sizes.h"

/* How far a result may be from the recorded answer `want`, as docs/numerics.md and the header promise it: for the number before
   it is rounded to the storage type in golden_bound_stored's cases, else for the stored one. Each includes the answer's own
   error. All are for finite answers. */
double golden_bound_output(const struct golden_case *g, const struct golden_sizes *s, xent_dtype stored, int64_t i,
                           double want);
double golden_bound_loss(const struct golden_case *g, const struct golden_sizes *s, int64_t i, double want);
double golden_bound_gradient(const struct golden_case *g, const struct golden_sizes *s, int64_t row, int64_t c, double want);
double golden_bound_divisor(const struct golden_case *g, double want);

/* Whether a value of this dtype may be the result: within the bound of `want`, or what a number within it rounds to. */
bool golden_allowed(xent_dtype stored, double got, double want, double bound, bool rounded);

#endif
