/* Which elements of a chunk are larger than a threshold. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_ABOVE_INC_H
#define XENT_KERNELS_ABOVE_INC_H

#include <string.h>

#include "element.h"
#include "stretches.inc.h"

/* Bit i tells of element i of a group. */
static inline __attribute__((always_inline)) uint64_t above_in_group(const stored *group, vector threshold)
{
    uint64_t bits = 0;
    EACH (v, XENT_LANES / WIDTH) bits |= (uint64_t)v_above(load(group + v * WIDTH), threshold) << (v * WIDTH);
    return bits;
}

/* Lists the bits' places behind `first`, until `most` are listed; answers how many are. */
static inline size_t list_places(uint64_t bits, size_t first, uint16_t *at, size_t count, size_t most)
{
    for (; bits != 0 && count < most; bits &= bits - 1) at[count++] = (uint16_t)(first + (size_t)__builtin_ctzll(bits));
    return count;
}

/* The last group is filled up with -inf, which is above nothing. */
static size_t above(const void *z, size_t n, double threshold, uint16_t *at, size_t most)
{
    const stored *group = z;
    const vector limit = v_set((real)threshold);
    const size_t left = n % XENT_LANES, whole = n - left;
    stored padding[XENT_LINE / sizeof(stored)];
    _Alignas(XENT_LINE) stored last[XENT_LANES];
    size_t count = 0;
    for (size_t c = 0; c < whole; c += XENT_LANES) {
        prefetch_sweep(group + c + XENT_CHUNK, XENT_LANES, 0);
        const uint64_t bits = above_in_group(group + c, limit);
        if (bits == 0) continue;
        count = list_places(bits, c, at, count, most);
        if (count == most) return count;
    }
    if (left == 0) return count;
    for (size_t i = 0; i < XENT_LINE / sizeof(stored); i++) padding[i] = minus_infinity;
    copy_padded(last, group + whole, left * sizeof(stored), sizeof last, padding);
    return list_places(above_in_group(last, limit), whole, at, count, most);
}

#endif
