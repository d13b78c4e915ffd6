/* The sum of a chunk's logits as doubles, from which equal.h has the gap of equal coefficients. Assumes the elements of a variant
 * (element.h). */
#ifndef XENT_KERNELS_LOGITS_INC_H
#define XENT_KERNELS_LOGITS_INC_H

#include "lanes.inc.h"
#include "stretches.inc.h"

/* Vectors of a group that are worked on at a time where logits are summed beside the terms: with both sums, twice as many registers
   are taken. What is PAIRED comes in twos, and two vectors of f64 have few sums. */
enum { SUMS_SWEEP = COMPENSATED || (PAIRED && SWEEP == 2) ? SWEEP : SWEEP / 2 };

/* A sweep's vectors of lanes. */
struct logit_sum {
    vf64 sum[SWEEP * PARTS];
    vf64 error[COMPENSATED ? SWEEP * PARTS : 1];
};

static inline __attribute__((always_inline)) void no_logits(struct logit_sum *logits, size_t vectors)
{
    EACH (v, vectors) logits->sum[v] = vf64_set(0.0);
    EACH (v, COMPENSATED ? vectors : 1) logits->error[v] = vf64_set(0.0);
}

static inline __attribute__((always_inline)) void add_logits(struct logit_sum *logits, size_t vectors, const stored *z)
{
    EACH (v, vectors) accumulate(&logits->sum[v], &logits->error[COMPENSATED ? v : 0], load_doubles(z + v * VF64_WIDTH));
}

static inline __attribute__((always_inline)) void store_logits(const struct logit_sum *logits, size_t vectors,
                                                               struct lanes *lanes, size_t lane)
{
    EACH (v, vectors) vf64_store(lanes->sum + lane + v * VF64_WIDTH, logits->sum[v]);
    EACH (v, COMPENSATED ? vectors : 0) vf64_store(lanes->error + lane + v * VF64_WIDTH, logits->error[v]);
}

/* The same lanes in a pass of their own, for chunks whose terms are not made as most are. */
static __attribute__((cold, noinline)) void sum_logits(const struct groups *groups, struct lanes *lanes)
{
    const size_t vectors = SUMS_SWEEP * PARTS;
    for (size_t lane = 0; lane < XENT_LANES; lane += vectors * VF64_WIDTH) {
        struct logit_sum logits;
        no_logits(&logits, vectors);
        for (size_t g = 0; g < groups->count; g++) add_logits(&logits, vectors, logits_at(groups, g) + lane);
        store_logits(&logits, vectors, lanes, lane);
    }
}

#endif
