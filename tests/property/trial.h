#ifndef XENT_TESTS_TRIAL_H
#define XENT_TESTS_TRIAL_H

#include "bounds.h"
#include "support/random.h"
#include "support/tensors.h"

/* A batch with the options of its loss, in numbers and as the tensors that the library is given. */

/* What a call may have beyond logits and class indices. */
enum feature {
    FEATURE_WEIGHT = 1,
    FEATURE_PROBABILITIES = 2,
    FEATURE_SMOOTHING = 4,
    FEATURE_Z_LOSS = 8,
    FEATURE_SCALE = 16,
    FEATURE_SOFTCAP = 32,
    FEATURE_OPTIONS = 64, /* all of the above are below */
    FEATURE_MASK = 64     /* some classes at -inf, which no target names */
};

struct trial {
    xent_dtype dtype;
    int64_t rows, classes;
    unsigned features;
    xent_options options;                      /* reduction NONE */
    double *logits;                            /* rows x classes, as they are in their type; so are the others */
    int64_t *index;                            /* per row; the class that the probabilities favour */
    double *probabilities, *weight, *upstream; /* rows x classes or NULL, per class or NULL, per row */
    xent_tensor *logits_tensor, *index_tensor, *probabilities_tensor, *weight_tensor, *upstream_tensor;
    struct objective objective;
};

/* With exactly these features; smoothing leaves no class at -inf, where a coefficient would make the loss infinite. logits, index: rows that exist already; NULL: to be
   drawn. The tensors' layouts are drawn,
   and the dtypes of probabilities, weights and upstream gradients. */
struct trial *trial_new(struct random *r, xent_dtype dtype, int64_t rows, int64_t classes, unsigned features,
                        const double *logits, const int64_t *index);
void trial_free(struct trial *t);

/* Rewrites the tensors after a change of the numbers, and keeps in the numbers what the tensors' types hold of it. */
void trial_update(struct trial *t);

/* The target that the features say. */
const xent_tensor *trial_target(const struct trial *t);

/* Row i, under its upstream gradient. */
struct row trial_row(const struct trial *t, int64_t i);

/* Runs xent_cross_entropy_grad under the upstream gradients, on every backend: a loss per row as F64, and the gradient, both as
   numbers. */
void trial_solve(const struct trial *t, double *loss, double *gradient);

/* The numbers of a tensor in row-major order, and back, rounded to the tensor's type. */
void tensor_numbers(const xent_tensor *t, double *values);
void tensor_fill(xent_tensor *t, const double *values);

/* Room for n numbers. Ends the program where there is no memory. */
double *numbers_new(int64_t n);

#endif
