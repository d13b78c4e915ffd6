#ifndef XENT_TESTS_FUZZ_EXPECT_ROW_H
#define XENT_TESTS_FUZZ_EXPECT_ROW_H

#include "expect.h"

/* One row of logits in binary128: prepared by the options, and its probabilities. */
struct exact_row {
    double *z, *scaled;   /* as they are, and logit_scale * z as it rounds */
    quad *capped, *slope; /* v, and dv/dz */
    quad *term;           /* of the reference */
    double off, growth; /* the most that a v may be off, and what that makes of a probability, relative; 0 without a softcap */
    bool none;          /* no probabilities: a NaN, +inf or nothing but -inf among the scaled logits */
    struct reference prob; /* unless none */
};

struct exact_row exact_row_of(const struct rows *b, enum role role, int64_t row);
void exact_row_free(struct exact_row *x);

/* How far off v of class c may be: with a softcap everything holds of some v near the exact one. */
double exact_row_off(const struct rows *b, const struct exact_row *x, int64_t c);

/* The bounds of property/bounds.h hold for coefficients that are finite and >= 0, and one that underflows is none. Whether a row's are usual. */
bool has_usual_coefficients(const struct rows *b, const double *probabilities);

/* The class weights as numbers, NULL where there are none; freed by the caller. */
double *rows_weights(const struct rows *b);

/* What xent_cross_entropy says of one row that counts. */
struct row_loss expect_row_loss(const struct rows *b, const struct exact_row *x, int64_t row, const double *weights);

/* grad_loss / divisor * r of a row, which an upstream gradient has or not; NaN where the divisor is 0. */
quad rows_factor(const struct rows *b, int64_t row, quad divisor);

#endif
