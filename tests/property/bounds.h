#ifndef XENT_TESTS_BOUNDS_H
#define XENT_TESTS_BOUNDS_H

#include "precision.h"

/* The loss of one row and its gradient as xent.h defines them, to double precision, and how far from the exact ones the library's
   answers may lie: the bounds of docs/numerics.md. */

/* What the bounds are made of, for one of the two types that the library computes in. */
struct bound_units {
    double loss;          /* relative, of each term that a loss adds up */
    double small;         /* absolute, of a probability: what is too far below the maximum counts as 0 */
    double lost;          /* in units of `small`: of r, for each class */
    double entry;         /* relative, of what a gradient entry subtracts */
    double through_log1p; /* of lse in the z-loss, relative to log1p(r) */
    double capped;        /* relative, of a capped logit */
    double slope;         /* relative, of its derivative; and absolute, whatever its size: */
    double slope_floor;
};
const struct bound_units *bound_units_of(xent_dtype dtype); /* of the logits */

/* What the rows of a call have in common. */
struct objective {
    xent_dtype dtype; /* of the logits and their gradient */
    int64_t classes;
    const xent_options *options; /* label_smoothing, z_loss, logit_scale and softcap are looked at */
    const double *weight;        /* per class; NULL: ones */
};

/* A row that is not ignored. */
struct row {
    const double *logits;        /* as they are in their type */
    int64_t target;              /* where there are no probabilities */
    const double *probabilities; /* or NULL */
    double factor;               /* grad_loss / divisor */
};

/* As the library takes them: rounded to F32 where it computes in F32. */
double objective_scale(const struct objective *o);
double objective_softcap(const struct objective *o);

/* fl(scale * z), and of such a product x, fl(x / softcap) */
double objective_scaled(const struct objective *o, double z);
double objective_reduced(const struct objective *o, double x);

/* w_c s_c of the contract: weight times target, smoothing included. */
double objective_coefficient(const struct objective *o, const struct row *row, int64_t c);

struct bounds {
    double max, log1p_rest, lse; /* of v; lse = max + log1p_rest */
    double total;                /* S: the sum of the coefficients */
    double loss;                 /* and the bound of its error before it is rounded to storage: */
    double loss_allowed;
    /* per class */
    double *capped; /* v: scaled and capped logits */
    double *probability;
    double *coefficient;
    double *slope; /* dv/dz, the scale included */
    double *entry; /* of the gradient; and the bound of its error, rounding to storage included: */
    double *allowed;
};

struct bounds bounds_new(int64_t classes);
void bounds_free(struct bounds *b);
void bounds_of(struct bounds *b, const struct objective *o, const struct row *row);

#endif
