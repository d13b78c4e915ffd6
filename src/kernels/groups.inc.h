/* Groups of 64 elements between memory and arrays of reals. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_GROUPS_INC_H
#define XENT_KERNELS_GROUPS_INC_H

#include <string.h>

#include "element.h"

/* How many of n elements the group has that begins at `from`. */
static inline size_t group_size(size_t n, size_t from) { return n - from < XENT_LANES ? n - from : XENT_LANES; }

/* Fills `to` with `count` elements, at most 64, and zeros behind them. */
static inline void read_group(const stored *from, size_t count, real *to)
{
    stored padded[XENT_LANES];
    if (count < XENT_LANES) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, from, count * sizeof(stored));
        from = padded;
    }
    for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) v_store(to + lane, load(from + lane));
}

/* Writes the first `count` of 64 reals, all of which must be there. */
static inline void write_group(const real *from, size_t count, stored *to)
{
    stored padded[XENT_LANES], *whole = count < XENT_LANES ? padded : to;
    for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) store(whole + lane, v_load(from + lane));
    if (count < XENT_LANES) memcpy(to, padded, count * sizeof(stored));
}

/* What becomes of a group x, in its place: `beside` is the same group of a second operand, NULL if there is none. */
typedef void group_map(real *x, const real *beside, double a, double b);

/* Maps n elements, a group at a time. out may be an operand's place. */
static inline __attribute__((always_inline)) void map_groups(const stored *x, const stored *beside, stored *out, size_t n,
                                                             group_map *map, double a, double b)
{
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        real group[XENT_LANES], other[XENT_LANES];
        read_group(x + i, count, group);
        if (beside != NULL) read_group(beside + i, count, other);
        map(group, beside == NULL ? NULL : other, a, b);
        write_group(group, count, out + i);
    }
}

#endif
