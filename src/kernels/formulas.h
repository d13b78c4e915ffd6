/* What a row's loss is, and the two gradient entries that come from double, each formula once: for a single row (src/rows, src/ops)
 * and, in loops that become vector code, for rows side by side (tile_finish.inc.h). Plain doubles without branches; a row is given by
 * its state: m its largest logit, rest the sum of e^(z - m) over the other classes, q_c = z_c - m - log1p(rest). */
#ifndef XENT_KERNELS_FORMULAS_H
#define XENT_KERNELS_FORMULAS_H

#include <math.h>

/* coef * (m - z) of one class; a coefficient of 0 contributes 0 whatever its logit is. */
static inline double gap_of(double coef, double max, double logit)
{
    double gap = coef * (max - logit);
    return coef == 0 ? 0 : gap;
}

/* The same where the distance of two F64 logits may overflow and its product with the coefficient does not: that of their halves never
   does. */
static inline double wide_gap_of(double coef, double max, double logit)
{
    return max - logit < (double)INFINITY ? gap_of(coef, max, logit) : 2 * gap_of(coef, max / 2, logit / 2);
}

/* sum_c coef_c * -q_c, where gap = sum_c coef_c (m - z_c) and coef = sum_c coef_c: both parts of an index target's loss are >= 0, so
   nothing cancels. */
static inline double loss_of(double gap, double coef, double log1p_rest) { return gap + coef * log1p_rest; }

/* -sum_c p_c ln p_c: both parts are >= 0, so nothing cancels. heat: sum of e^(z - m) (m - z). */
static inline double entropy_of(double log1p_rest, double heat, double rest) { return log1p_rest + heat / (1 + rest); }

/* z_loss * lse^2, and its derivative: what it adds to the sum of the coefficients in a gradient. */
static inline double z_loss_of(double z_loss, double lse) { return z_loss * lse * lse; }
static inline double pull_of(double z_loss, double lse) { return z_loss * lse * 2; }

/* What the factor multiplies, of a class of probability p: total * p - coef, total = sum_c coef_c + pull. none: what total * p is for
   p = 0, which is 0 even where the pull overflows and NaN where the sum of the coefficients does. */
static inline double bracket_of(double total, double none, double p, double coef) { return (p == 0 ? none : total * p) - coef; }

/* The same of a target that is the row's first maximum and the only class with a coefficient: p - 1 is -rest / (1 + rest), with all its
   digits. */
static inline double bracket_of_leading_target(double pull, double p, double coef, double rest)
{
    return pull * p - coef * rest / (1 + rest);
}

/* +0.0 for a bracket of 0, whatever the factor is. */
static inline double entry_of(double factor, double bracket)
{
    double entry = factor * bracket;
    return bracket == 0 ? 0 : entry;
}

#endif
