/* What the tests of special values share: a batch of three rows of which a test spoils the middle one, in every dtype, in sizes that
   take different ways through a backend. */
#ifndef XENT_TESTS_SPECIAL_VALUES_H
#define XENT_TESTS_SPECIAL_VALUES_H

#include <math.h>
#include <string.h>

#include "support/backend.h"
#include "support/tensors.h"

struct size {
    xent_dtype dtype;
    int64_t classes;
};

/* Class 1 is every row's target. */
struct batch {
    xent_dtype dtype;
    int64_t classes;
    xent_tensor *z, *y, *t, *weight; /* t: probabilities in F64, 1 for class 1; weight: ones in F64 */
    xent_tensor *losses, *table;     /* table: gradients, probabilities */
    xent_tensor *usual, *nan_row;    /* z before anything is spoilt; a row of canonical NaN */
    xent_options none;               /* NONE, all else at its default */
};

/* The largest number that every dtype holds, nearly. */
#define BIG 6e4

/* *state is a struct size. */
struct batch open_batch(void **state);
void close_batch(struct batch *b);

/* Sets logit c of the middle row, all of them, and back to what open_batch had set. */
void spoil(struct batch *b, int64_t c, double value);
void spoil_all(struct batch *b, double value);
void restore(struct batch *b);

/* The target as class indices, or as probabilities. */
const xent_tensor *target_of(const struct batch *b, int kind);

/* Sets a target's or gradient's entry of the middle row. */
void set_middle(const struct batch *b, xent_tensor *table, int64_t c, double value);
double get_middle(const struct batch *b, const xent_tensor *table, int64_t c);

uint64_t bits_of(xent_dtype dtype, double value);

/* |value - want| <= 4 ulp of the dtype, which every result here keeps; 16 bits: the nearest number, give or take what four ulp of
   a float beside a tie do. */
void expect_near(const xent_tensor *t, int64_t i, double want);

/* All entries of the middle row of the table are the canonical NaN, finite, zeros. */
void expect_nan_row(const struct batch *b);
void expect_finite_row(const struct batch *b);
void expect_zero_row(const struct batch *b);

/* The middle row's loss, alone and with the gradient, which is left in the table; grad_loss may be NULL. */
void expect_loss_bits(const struct batch *b, const xent_tensor *target, const xent_options *options, uint64_t bits);
void compute_gradient(const struct batch *b, const xent_tensor *target, const xent_options *options,
                      const xent_tensor *grad_loss);

/* The spoiled row is NaN in losses and gradient with either kind of target, its neighbours do not notice, and a sum or mean over it
   is NaN. */
void expect_poisoned(struct batch *b, const xent_options *options);

/* The same for softmax and log_softmax; logsumexp has these bits. */
void expect_poisoned_kin(const struct batch *b, uint64_t logsumexp);

/* NaN of several signs and payloads, the last one signalling. */
enum { NANS = 4 };
void spoil_with_nan(struct batch *b, int64_t c, int which);

/* Runs each test on each size; at most 20 tests. */
int run_on_all_sizes(const struct CMUnitTest *each, size_t count);

#define ln2 0.69314718055994530942

#endif
