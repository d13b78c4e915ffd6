/* Log-probabilities of vectors of logits. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_LOG_PROB_INC_H
#define XENT_KERNELS_LOG_PROB_INC_H

#include "real.h"

/* (z - max) - log1p_rest in double, PARTS of each, rounded once. */
static inline vector log_prob(vector z, const vf64 *max, const vf64 *log1p_rest)
{
    vf64 parts[PARTS];
    for (size_t k = 0; k < PARTS; k++) parts[k] = vf64_sub(vf64_sub(v_widen(z, k), max[k]), log1p_rest[k]);
    return v_narrow(parts);
}

#endif
