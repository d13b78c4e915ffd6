/* The heat of classes: the sum of e^(z - m) (m - z) over all but the first at the maximum m, from which a row has its entropy. Assumes
 * the arithmetic of a variant (real.h).
 *
 * Every summand is >= 0, so none cancels another. It is added up as the terms are (sum.inc.h): a term is scale + scale * low, and the
 * scales, times the distance, carry the digits. */
#ifndef XENT_KERNELS_HEAT_INC_H
#define XENT_KERNELS_HEAT_INC_H

#include "exp.inc.h"
#include "sum.inc.h"

/* m - z of a vector of logits: finite, since a logit whose term is exactly 0 counts as the highest such one. */
static inline vector distance(struct reference shared, vector top, vector logits)
{
    return v_sub(top, v_max(shared.lowest, logits));
}

/* Adds terms to their sum, with the bits of sum_add, and their products with the distances to the heat. */
static inline __attribute__((always_inline)) void heat_add(struct sum *terms, struct sum *heat, vector scale, vector low,
                                                           vector distance)
{
    if (COMPENSATED) {
        sum_add(terms, scale, low);
        accumulate(&heat->sum[0], &heat->sum[ERROR], v_widen(v_mul(v_fma(scale, low, scale), distance), 0));
    } else {
        const vector product = v_mul(scale, low);
        vf64 wide[PARTS], far[PARTS];
        v_widen_all(scale, wide);
        v_widen_all(distance, far);
        EACH (k, PARTS) terms->sum[k] = vf64_add(terms->sum[k], wide[k]);
        EACH (k, PARTS) heat->sum[k] = add_product(heat->sum[k], wide[k], far[k]);
        terms->low = v_fma(scale, low, terms->low);
        heat->low = v_fma(product, distance, heat->low);
    }
}

/* What heat_add and sum_flush make of one term alone; the sum of the terms has the bits of sum_one. */
static inline __attribute__((always_inline)) void heat_one(struct sum *terms, struct sum *heat, vector scale, vector low,
                                                           vector distance)
{
    if (COMPENSATED) {
        *terms = sum_one(scale, low);
        heat->sum[0] = v_widen(v_mul(v_fma(scale, low, scale), distance), 0);
        heat->sum[ERROR] = vf64_set(0.0);
    } else {
        const vector product = v_mul(scale, low);
        vf64 wide[PARTS], far[PARTS], rest[PARTS], rest_far[PARTS];
        v_widen_all(scale, wide);
        v_widen_all(distance, far);
        v_widen_all(product, rest);
        v_widen_all(v_mul(product, distance), rest_far);
        EACH (k, PARTS) terms->sum[k] = vf64_add(wide[k], rest[k]);
        EACH (k, PARTS) heat->sum[k] = vf64_add(vf64_mul(wide[k], far[k]), rest_far[k]);
    }
}

#endif
