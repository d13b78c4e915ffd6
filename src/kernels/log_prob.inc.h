/* Log-probabilities, in vectors of classes of one row or of rows side by side. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_LOG_PROB_INC_H
#define XENT_KERNELS_LOG_PROB_INC_H

#include "real.h"

/* (z - max) - log1p_rest */
static inline vf64 log_prob_of(vf64 z, vf64 max, vf64 log1p_rest) { return vf64_sub(vf64_sub_apart(z, max), log1p_rest); }

/* The same of a vector of reals, whose rows' doubles are as many vf64 as it fills. */
static inline vector log_prob(vector z, const vf64 *max, const vf64 *log1p_rest)
{
    vf64 part[PARTS];
    EACH (k, PARTS) part[k] = log_prob_of(v_widen(z, k), max[k], log1p_rest[k]);
    return v_narrow(part);
}

#endif
