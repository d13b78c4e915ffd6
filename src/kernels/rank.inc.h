/* Where a class stands among those of a chunk: how many come before it, and which is the first that is no number. Assumes the elements
 * of a variant (element.h). */
#ifndef XENT_KERNELS_RANK_INC_H
#define XENT_KERNELS_RANK_INC_H

#include <math.h>

#include "element.h"
#include "kernels.h"

static size_t first_special(const void *logits, size_t n)
{
    const stored *z = logits;
    size_t infinite = n;
    for (size_t i = 0; i < n; i++) {
        const real x = real_of(z[i]);
        if (x != x) return i;
        if (x == (real)INFINITY && infinite == n) infinite = i;
    }
    return infinite < n ? infinite : 0;
}

/* How many vectors are counted side by side: an addition takes longer than the next comparison. */
enum { COUNTED = 4 };

/* How many of n logits are larger than the target's or, `lower`, less. A lane's count is a real, which holds whole numbers of that size. */
static inline __attribute__((always_inline)) size_t count(const stored *z, size_t n, real target, bool lower)
{
    const vector at = v_set(target);
    vector counts[COUNTED];
    real lanes[WIDTH];
    size_t total = 0, i = 0;
    EACH (v, COUNTED) counts[v] = v_set((real)0);
    for (; i + COUNTED * WIDTH <= n; i += COUNTED * WIDTH)
        EACH (v, COUNTED) {
            const vector x = load(z + i + v * WIDTH);
            counts[v] = lower ? v_count_less(counts[v], x, at) : v_count_less(counts[v], at, x);
        }
    for (; i < n; i++) total += lower ? real_of(z[i]) < target : target < real_of(z[i]);
    EACH (v, COUNTED - 1) counts[0] = v_add(counts[0], counts[v + 1]);
    v_store(lanes, counts[0]);
    for (size_t lane = 0; lane < WIDTH; lane++) total += (size_t)lanes[lane];
    return total;
}

/* Ahead of the target all that are not less come before it. */
static size_t count_before(const void *logits, size_t n, double target, size_t ahead)
{
    const stored *z = logits;
    return (ahead - count(z, ahead, (real)target, true)) + count(z + ahead, n - ahead, (real)target, false);
}

#endif
