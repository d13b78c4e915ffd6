/* Sums of terms in registers: one vector of lanes, or of one lane of several rows. Assumes the arithmetic of a variant (real.h).
 *
 * A term is scale + scale * low. The scales carry the digits; they are summed in double at once, for f64 together with the
 * errors of that sum. The products scale * low, at most a twentieth of the scales, are summed as reals for a block of
 * groups. */
#ifndef XENT_KERNELS_SUM_INC_H
#define XENT_KERNELS_SUM_INC_H

#include "lanes.inc.h"
#include "real.h"

/* Where COMPENSATED, there is one part, and the error stands behind it; else there is no room for one, since compilers would
   fill it. */
enum { SUMS = COMPENSATED ? PARTS + 1 : PARTS, ERROR = SUMS - 1 };

struct sum {
    vf64 sum[SUMS]; /* a part each, then the error */
    vector low;     /* of the block */
};

static inline struct sum sum_none(void)
{
    struct sum s;
    EACH (k, SUMS) s.sum[k] = vf64_set(0.0);
    s.low = v_set((real)0);
    return s;
}

/* The lanes of a vector, added to the parts of a sum. */
static inline __attribute__((always_inline)) void add_widened(vf64 *sum, vector x)
{
    vf64 wide[PARTS];
    v_widen_all(x, wide);
    EACH (k, PARTS) sum[k] = vf64_add(sum[k], wide[k]);
}

static inline void sum_add(struct sum *s, vector scale, vector low)
{
    if (COMPENSATED)
        accumulate(&s->sum[0], &s->sum[ERROR], v_widen(scale, 0));
    else
        add_widened(s->sum, scale);
    s->low = v_fma(scale, low, s->low);
}

/* Ends a block of groups. */
static inline void sum_flush(struct sum *s)
{
    if (COMPENSATED)
        s->sum[ERROR] = vf64_add(s->sum[ERROR], v_widen(s->low, 0));
    else
        add_widened(s->sum, s->low);
    s->low = v_set((real)0);
}

/* What sum_add and sum_flush make of one term alone. The lanes are not widened by way of memory, since there is little else to
   do meanwhile. */
static inline struct sum sum_one(vector scale, vector low)
{
    struct sum s = { .low = v_set((real)0) };
    vector product = v_mul(scale, low);
    if (COMPENSATED) {
        s.sum[0] = v_widen(scale, 0);
        s.sum[ERROR] = v_widen(product, 0);
    } else {
        EACH (part, PARTS) s.sum[part] = vf64_add(v_widen(scale, part), v_widen(product, part));
    }
    return s;
}

/* *s += other: one lane of several rows and another, in the order of `tree`. */
static inline void sum_join(struct sum *s, const struct sum *other)
{
    EACH (part, PARTS) join(&s->sum[part], &s->sum[ERROR], other->sum[part], other->sum[ERROR]);
}

/* The sum of each row as a double. */
static inline void sum_total(const struct sum *s, double *total_of_row)
{
    EACH (part, PARTS)
        vf64_store(total_of_row + part * VF64_WIDTH, COMPENSATED ? vf64_add(s->sum[part], s->sum[ERROR]) : s->sum[part]);
}

#endif
