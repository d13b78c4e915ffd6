#ifndef XENT_TESTS_FUZZ_EXPECT_H
#define XENT_TESTS_FUZZ_EXPECT_H

#include "call.h"
#include "property/accuracy_reference.h"
#include "property/bounds.h"

/* What a call that has succeeded must have given: naive formulas of xent.h in binary128, and how far from them it lets results be. Batches
   of more than some thousand logits are left out: the reference would take longer than all calls together. */
void expect_values(const struct call *c);

/* Fills what an ignored row of the call, which is valid, is not read of: its logits, probabilities, upstream gradients. */
void poison_ignored_rows(const struct call *c);

/* ---- For the families ---------------------------------------------------------------------------------------------------- */

/* The rows of a call. */
struct rows {
    const struct call *call;
    const struct stage *stage;
    xent_options options; /* in force */
    xent_dtype dtype;     /* of the logits; F64 where one of two tables is */
    int64_t classes, inner, count;
};

struct rows rows_of(const struct call *c);

typedef void expectation(const struct rows *b);
expectation expect_softmax, expect_log_softmax, expect_logsumexp, expect_top_k, expect_log;
expectation expect_softmax_backward, expect_log_softmax_backward;
expectation expect_nll_loss, expect_nll_loss_backward, expect_mean_divisor, expect_cross_entropy, expect_cross_entropy_grad;
expectation expect_row_stats, expect_kl_div, expect_kl_div_grad;

/* Where class c of a row lies among the elements of a table with `classes` of them. */
int64_t rows_at(const struct rows *b, int64_t row, int64_t c);

/* A row of an input as numbers, freed by the caller; and room for n numbers of 113 bits. */
double *rows_numbers(const struct rows *b, enum role role, int64_t row);
quad *quads_new(int64_t n);

bool rows_has(const struct rows *b, int at);
double rows_weight(const struct rows *b, int64_t row);
double rows_class_weight(const struct rows *b, int64_t c);
int64_t rows_target(const struct rows *b, int64_t row); /* a class index */
bool rows_of_indices(const struct rows *b);
bool rows_ignores(const struct rows *b, int64_t row);

/* A NaN or +inf is among the numbers, or nothing but -inf. */
bool has_no_probabilities(const double *z, int64_t classes);

/* The output's element is within `allowed` of `exact` and one rounding to its dtype; the same without that rounding. NaN and infinities
   are what they are. An `allowed` that is NaN allows all. */
void expect_rounded(const struct rows *b, int at, int64_t i, quad exact, double allowed);
void expect_stored(const struct rows *b, int at, int64_t i, quad exact, double allowed);

/* The loss of a row before it is stored or summed. */
struct row_loss {
    quad exact;
    double allowed;
};

/* Each of them, their sum or their mean, as the reduction says, is what the output holds. Frees them. */
void expect_losses(const struct rows *b, int at, struct row_loss *losses);

/* The divisor of gradients: 1 but for MEAN; and how far off the library's may be, relative. */
quad rows_divisor(const struct rows *b, double *off);
/* Whether doubles hold both: the sum of the weights on the way, and a row's factor of it. */
bool is_usual_divisor(quad divisor);
bool is_usual_factor(quad factor, quad divisor);

#endif
