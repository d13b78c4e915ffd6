/* The backward of softmax and of log_softmax, in vectors of classes: of one row, or one class of several rows side by side. Assumes the
 * arithmetic of a variant (real.h).
 *
 * Entries are computed in reals, where f32 has room for it: a row's sum is split into two of them, and products are fused. What does not
 * fit is computed in double: the rows with such a sum, and the classes with such a logp. */
#ifndef XENT_KERNELS_BACKWARD_INC_H
#define XENT_KERNELS_BACKWARD_INC_H

#include <math.h>

#include "exp.inc.h"
#include "lanes.inc.h"
#include "relate.h"

/* Whether the entries of a row with this sum are computed in reals. */
static inline bool sum_fits(double sum)
{
    double size = fabs(sum);
    return (size == 0) | ((size >= LEAST_SUM) & (size < MOST_SUM));
}

/* Whether a sum of numbers, or of products, is good as upstream.inc.h makes it: in f32 it is a sum of pairs, whose products may have been
   too small for a real. */
static inline bool upstream_fits(double sum, bool product)
{
    double size = fabs(sum), least = product ? LEAST_SUM : 0, most = product ? MOST_SUM : (double)INFINITY;
    return COMPENSATED ? sum - sum == 0 : (size >= least) & (size < most);
}

/* Minus a row's sum, lane by lane as one or two reals. */
struct negative {
    vector high, low;
};

/* Of sums as doubles. */
static inline struct negative negative_of(const vf64 *sum)
{
    struct negative minus;
    vf64 part[PARTS];
    EACH (k, PARTS) part[k] = vf64_sub(vf64_set(-0.0), sum[k]);
    minus.high = v_narrow(part);
    EACH (k, PARTS) part[k] = vf64_sub(part[k], v_widen(minus.high, k));
    minus.low = v_narrow(part);
    return minus;
}

/* ---- p (g - dot) ---- */

static inline vector softmax_entry(vector p, vector upstream, struct negative dot)
{
    vector difference = v_add(upstream, dot.high);
    return COMPENSATED ? v_mul(p, difference) : v_fma(p, difference, v_mul(p, dot.low));
}

/* In double. The difference of two numbers at the end of double's range may overflow and its product with p does not: that of their
   halves never does. */
static inline vf64 softmax_entry_in_double(vf64 p, vf64 upstream, vf64 dot)
{
    const vf64 half = vf64_set(0.5);
    vf64 entry = vf64_mul(p, vf64_sub(upstream, dot));
    vf64 other = vf64_mul(p, vf64_sub(vf64_mul(upstream, half), vf64_mul(dot, half)));
    return vf64_where_less(vf64_abs(entry), vf64_set((double)INFINITY), entry, vf64_add(other, other));
}

/* ---- g - e^logp sum ---- */

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

/* A row's negative sum as log_softmax_entry takes it: over the 2^64 of the terms. */
static inline struct negative over_terms(struct negative sum)
{
    const vector unit = v_set((real)0x1p-64);
    return (struct negative){ v_mul(sum.high, unit), v_mul(sum.low, unit) };
}

/* Of a lane that is not far. The part of the sum that is small comes first, so that one rounding counts. */
static inline vector log_softmax_entry(vector scale, vector low, vector upstream, struct negative sum)
{
    vector term = v_fma(scale, low, scale);
    vector rest = COMPENSATED ? upstream : v_fma(term, sum.low, upstream);
    return v_fma(term, sum.high, rest);
}

/* Which lanes of x are so far that their entries are made in double. Below -GONE, where masked classes are, e^x times any sum is 0. */
static inline unsigned far_lanes(vector x)
{
    return (v_less(x, v_set(-FAR)) & ~v_less(x, v_set(-GONE))) | v_less(v_set((real)0), x);
}

/* Puts e^x sum right in the lanes that are far. */
static inline void find_far_shares(vector logp, const vf64 *sum, const vf64 *inverse, vf64 *share)
{
    real x[WIDTH];
    double sums[WIDTH], shares[WIDTH], inverses[WIDTH];
    v_store(x, logp);
    EACH (k, PARTS) {
        vf64_store(sums + k * VF64_WIDTH, sum[k]);
        vf64_store(shares + k * VF64_WIDTH, share[k]);
        vf64_store(inverses + k * VF64_WIDTH, inverse[k]);
    }
    for (size_t lane = 0; lane < WIDTH; lane++) {
        double half = (double)x[lane] / 2;
        if (x[lane] < -FAR) shares[lane] = scaled(scaled(sums[lane], half, 0), half, 0);
        if (x[lane] > 0) shares[lane] = 1 / inverses[lane] * sums[lane];
    }
    EACH (k, PARTS) share[k] = vf64_load(shares + k * VF64_WIDTH);
}

/* g - e^logp sum in double, of any sum; a logp that is above 0, by as many octaves as a term may lie below, has an infinite e^logp. */
static __attribute__((noinline, cold)) vector log_softmax_entry_in_double(vector logp, vector upstream, const vf64 *sum)
{
    const vector mirrored = v_sub(v_set((real)0), v_abs(logp));
    vf64 share[PARTS], term[PARTS];
    vector scale, low;
    exp_of_log_probs(1, &mirrored, &scale, &low);
    EACH (k, PARTS) {
        vf64 s = v_widen(scale, k);
        term[k] = vf64_mul(add_product(s, s, v_widen(low, k)), vf64_set(0x1p-64));
        share[k] = vf64_mul(term[k], sum[k]);
    }
    if (far_lanes(logp) != 0) find_far_shares(logp, sum, term, share);
    EACH (k, PARTS) share[k] = vf64_sub(v_widen(upstream, k), share[k]);
    return v_narrow(share);
}

/* The lanes of `entry` that are far become those in double. */
static __attribute__((noinline, cold)) vector put_far_entries(vector logp, vector upstream, const vf64 *sum, vector entry)
{
    const unsigned far = far_lanes(logp);
    real entries[WIDTH], in_double[WIDTH];
    if (far == 0) return entry;
    v_store(entries, entry);
    v_store(in_double, log_softmax_entry_in_double(logp, upstream, sum));
    for (size_t lane = 0; lane < WIDTH; lane++)
        if ((far >> lane & 1) != 0) entries[lane] = in_double[lane];
    return v_load(entries);
}

#endif
