/* Log-probabilities, in vectors of classes of one row or of rows side by side. Assumes the elements of a variant (element.h).
 *
 * Both subtrahends have one sign, so nothing cancels: for elements of 16 bits reals have digits enough, the others are made in double. */
#ifndef XENT_KERNELS_LOG_PROB_INC_H
#define XENT_KERNELS_LOG_PROB_INC_H

#include "element.h"

/* What the logits of WIDTH rows lose: as doubles, or as reals where elements are not stored as such. */
struct log_prob_by {
    vf64 max[PARTS], log1p_rest[PARTS];
    vector real_max, real_log1p_rest;
};

static inline struct log_prob_by log_prob_by(const vf64 *max, const vf64 *log1p_rest)
{
    struct log_prob_by by;
    EACH (k, PARTS) by.max[k] = max[k];
    EACH (k, PARTS) by.log1p_rest[k] = log1p_rest[k];
    by.real_max = v_narrow(max);
    by.real_log1p_rest = v_narrow(log1p_rest);
    return by;
}

static inline vector log_prob_in_reals(vector z, const struct log_prob_by *by)
{
    return v_sub(v_sub(z, by->real_max), by->real_log1p_rest);
}

/* From memory reals become doubles without a shuffle. */
static inline vector log_prob_in_double(const real *z, const struct log_prob_by *by)
{
    vf64 part[PARTS];
    EACH (k, PARTS) {
        const vf64 difference = vf64_sub_apart(load_real_doubles(z + k * VF64_WIDTH), by->max[k]);
        part[k] = vf64_sub(difference, by->log1p_rest[k]);
    }
    return v_narrow(part);
}

/* (z - max) - log1p_rest of a vector of reals in memory. */
static inline vector log_prob(const real *z, const struct log_prob_by *by)
{
    return STORED_REALS ? log_prob_in_double(z, by) : log_prob_in_reals(v_load(z), by);
}

#endif
