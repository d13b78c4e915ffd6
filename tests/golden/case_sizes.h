#ifndef XENT_TESTS_CASE_SIZES_H
#define XENT_TESTS_CASE_SIZES_H

#include "case_file.h"

/* How large the numbers are that a loss or a gradient of a case is made of, in plain double: what error bounds are relative to.
   In rows that have no finite result these are NaN and not used. */
struct golden_sizes {
    int64_t rows, classes;
    double divisor; /* 1 but for MEAN */

    /* Per element in row-major order. */
    double *v;                    /* the logit after logit_scale and softcap */
    double *below;                /* how far it is below the row's maximum */
    double *probability, *others; /* p, and 1 - p to full relative accuracy */
    double *coefficient;          /* |weight * smoothed target|, 0 in ignored rows */
    double *slope;                /* dv/dx of softcap */
    double *moved;                /* how far softcap's error bound lets -log p be off */

    /* Per row. */
    double *lse, *log1p, *coefficients; /* logsumexp, its part above the maximum, the sum of the coefficients */
    double *lse_moved, *p_moved;        /* how far softcap's bound lets lse be off; p and 1 - p, relative */
};

struct golden_sizes golden_sizes_of(const struct golden_case *g);
void golden_sizes_free(struct golden_sizes *s);

/* Whether the library computes in F32: for logits of F32, F16 and BF16. */
bool golden_narrow(const struct golden_case *g);

#endif
