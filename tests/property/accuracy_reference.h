#ifndef XENT_TESTS_ACCURACY_REFERENCE_H
#define XENT_TESTS_ACCURACY_REFERENCE_H

#include <stdint.h>

#include "support/quad.h"

/* One row in binary128, by the definitions of xent.h. With the maximum m at class `first` and r the sum of e^(z - m) over the
   others, lse = m + log1p(r) and p_first - 1 = -r / (1 + r): small results keep their digits. */
struct reference {
    const quad *z;
    quad *term; /* e^(z_c - m) */
    int64_t classes, first;
    quad max, rest, log1p_rest, inverse; /* inverse: 1 / (1 + r) */
};

/* term: room for one number per class. Every logit finite or -inf, one at least finite. */
struct reference reference_of(const quad *z, int64_t classes, quad *term);

/* The same from numbers in double; room: for two numbers per class. */
struct reference reference_of_doubles(const double *z, int64_t classes, quad *room);

quad reference_probability(const struct reference *r, int64_t c);
quad reference_log_probability(const struct reference *r, int64_t c);

/* p_c - 1 */
quad reference_probability_less_one(const struct reference *r, int64_t c);

#endif
