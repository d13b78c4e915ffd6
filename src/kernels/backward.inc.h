/* The backward of softmax and of log_softmax, in vectors of classes: of one row, or one class of several rows side by side. Assumes the
 * arithmetic of a variant (real.h). What is a double in a row's formula is as many vf64 as a vector of reals fills. */
#ifndef XENT_KERNELS_BACKWARD_INC_H
#define XENT_KERNELS_BACKWARD_INC_H

#include <math.h>

#include "exp.inc.h"
#include "lanes.inc.h"
#include "relate.h"

/* Adds p g to a lane of the row's dot. */
static inline void add_to_dot(vf64 *sum, vf64 *error, vf64 p, vf64 upstream)
{
    if (COMPENSATED)
        accumulate(sum, error, vf64_mul(p, upstream));
    else
        *sum = add_product(*sum, p, upstream);
}

/* The same, but 0 where g is 0. A product differs only where it is NaN, so a dot that is no NaN needs no other. */
static inline void add_to_careful_dot(vf64 *sum, vf64 *error, vf64 p, vf64 upstream)
{
    accumulate(sum, error, vf64_unless_zero(upstream, vf64_mul(p, upstream)));
}

/* p (g - dot) */
static inline vf64 softmax_entry(vf64 p, vf64 upstream, vf64 dot) { return vf64_mul(p, vf64_sub_apart(upstream, dot)); }

/* The same where the difference of two numbers at the end of double's range may overflow and its product with p does not: that of their
   halves never does. */
static inline vf64 softmax_entry_by_halves(vf64 p, vf64 upstream, vf64 dot)
{
    const vf64 half = vf64_set(0.5);
    vf64 entry = softmax_entry(p, upstream, dot);
    vf64 other = softmax_entry(p, vf64_mul(upstream, half), vf64_mul(dot, half));
    return vf64_where_less(vf64_abs(entry), vf64_set((double)INFINITY), entry, vf64_add(other, other));
}

/* e^x = (scale + scale * low) 2^-64 of up to STAGED vectors of log-probabilities, exactly 1 for 0. */
static inline __attribute__((always_inline)) void exp_of_log_probs(size_t count, const vector *x, vector *scale, vector *low)
{
    const vector zero = v_set((real)0);
    exp_staged(reference(0), count, x, scale, low);
    EACH (v, count) low[v] = v_where_less(x[v], zero, low[v], x[v]);
}

/* Lanes need more than that where x is beyond -FAR, so that its e^x has lost digits that a large sum may bring back, and above 0, where
   no log-probability lies. This tells of all x, each of which reach_of adds, whether there are such lanes. */
struct reach {
    vector magnitude, top;
};
static inline struct reach reach_of(struct reach so_far, vector x)
{
    return (struct reach){ v_max(v_abs(x), so_far.magnitude), v_max(x, so_far.top) };
}
static inline struct reach no_reach(void) { return (struct reach){ v_set((real)0), v_set((real)0) }; }
static inline bool is_far(struct reach reach)
{
    return (v_less(v_set(FAR), reach.magnitude) | v_less(v_set((real)0), reach.top)) != 0;
}

/* A row's sum as share_of_scaled takes it. In f32 it takes over the 2^-64 of the terms and loses nothing, since a sum other than 0 is at
   least 2^-149. */
static inline vf64 scaled_sum(vf64 sum) { return COMPENSATED ? sum : vf64_mul(sum, vf64_set(0x1p-64)); }

/* e^logp sum */
static inline vf64 share_of_scaled(vf64 scale, vf64 low, vf64 sum)
{
    vf64 term = add_product(scale, scale, low);
    return vf64_mul(COMPENSATED ? vf64_mul(term, vf64_set(0x1p-64)) : term, sum);
}
static inline vf64 share_of(vf64 scale, vf64 low, vf64 sum) { return share_of_scaled(scale, low, scaled_sum(sum)); }

/* Puts the shares of one vector right in the lanes that are far. Below -GONE, where masked classes are, they
   are: 0, or NaN. */
static __attribute__((noinline)) void find_far_shares(vector logp, const vf64 *sum, vf64 *share)
{
    const vector zero = v_set((real)0), mirrored = v_sub(zero, v_abs(logp));
    vector scale, low;
    real x[WIDTH];
    double sums[WIDTH], shares[WIDTH], inverse[WIDTH];
    if (((v_less(logp, v_set(-FAR)) & ~v_less(logp, v_set(-GONE))) | v_less(zero, logp)) == 0) return;
    exp_of_log_probs(1, &mirrored, &scale, &low);
    v_store(x, logp);
    EACH (k, PARTS) {
        vf64_store(sums + k * VF64_WIDTH, sum[k]);
        vf64_store(shares + k * VF64_WIDTH, share[k]);
        vf64_store(inverse + k * VF64_WIDTH, share_of(v_widen(scale, k), v_widen(low, k), vf64_set(1.0)));
    }
    for (size_t lane = 0; lane < WIDTH; lane++) {
        double half = (double)x[lane] / 2;
        if (x[lane] < -FAR) shares[lane] = scaled(scaled(sums[lane], half, 0), half, 0);
        if (x[lane] > 0) shares[lane] = 1 / inverse[lane] * sums[lane];
    }
    EACH (k, PARTS) share[k] = vf64_load(shares + k * VF64_WIDTH);
}

#endif
