/* Merging the states of classes that stand one behind the other. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_MERGE_INC_H
#define XENT_KERNELS_MERGE_INC_H

#include <math.h>

#include "kernels.h"
#include "real.h"
#include "relate.h"

/* coef * (upper - lower), where the difference of two maxima in f64 may overflow and that of their halves does not. */
static inline double lift_of(double coef, double upper, double lower)
{
    double lift = upper - lower;
    return lift < (double)INFINITY ? coef * lift : 2 * (coef * (upper / 2 - lower / 2));
}

/* The gaps of the lower state are measured from its own maximum. They are lifted to the other's, unless there is nothing to
   lift. */
static inline double merge_gaps(const struct xent_state *upper, const struct xent_state *lower)
{
    if (lower->max == -(double)INFINITY || lower->coef == 0 || lower->max == upper->max) return upper->gap + lower->gap;
    return upper->gap + (lower->gap + lift_of(lower->coef, upper->max, lower->max));
}

/* What the lower state's heat is, per e^(upper max): its classes are farther from the other's maximum, its own first one included. Beyond
   the reach of a term nothing is left of them. */
static inline double merge_heats(const struct xent_state *upper, const struct xent_state *lower)
{
    double lead = upper->max - lower->max;
    if (!(lead < (double)GONE)) return upper->heat;
    return upper->heat + scaled(lower->heat + (lower->rest + 1) * lead, lower->max, upper->max);
}

static void merge(struct xent_state *left, const struct xent_state *right)
{
    struct xent_state a = *left, b = *right;
    const struct xent_state *upper = b.max > a.max ? &b : &a, *lower = b.max > a.max ? &a : &b;
    left->max = upper->max;
    if (lower->max == (double)INFINITY)
        left->rest = upper->rest + lower->rest;
    else if (lower->max == -(double)INFINITY)
        left->rest = upper->rest;
    else
        left->rest = upper->rest + scaled(lower->rest + 1, lower->max, upper->max);
    left->heat = merge_heats(upper, lower);
    left->gap = merge_gaps(upper, lower);
    left->coef = a.coef + b.coef;
    left->coef_peak = a.coef_peak > b.coef_peak ? a.coef_peak : b.coef_peak;
}

#endif
