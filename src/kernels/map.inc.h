/* Arrays of elements in whole vectors. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_MAP_INC_H
#define XENT_KERNELS_MAP_INC_H

#include <stdint.h>
#include <string.h>

#include "element.h"

/* Makes n elements, or reals, a multiple of a vector's lanes. beside: a second operand, or the first again. `out` may be the place of
   either. */
typedef void whole_map(const stored *x, const stored *beside, void *out, size_t n, const void *by);

enum {
    EDGE = 2 * WIDTH,         /* elements at the beginning that go apart, */
    EDGES = EDGE + WIDTH,     /* and with those at the end */
    WORTH_ALIGNING = 4 * EDGE /* of fewer elements the edges take longer than stores that cross a line */
};

/* How many elements of `size` bytes lie before the first one with which stores of vectors are aligned: fewer than EDGE; 0 where none is. */
static inline size_t before_aligned(const void *out, size_t size)
{
    const size_t line = EDGE * size < XENT_LINE ? EDGE * size : XENT_LINE, past = (uintptr_t)out % line;
    return past == 0 || past % size != 0 ? 0 : (line - past) / size;
}

/* The first EDGE elements and the last WIDTH; of fewer, all, filled up with zeros. */
static inline __attribute__((always_inline)) void read_edges(const stored *x, size_t n, stored *edges)
{
    if (n >= EDGE) memcpy(edges, x, EDGE * sizeof(stored));
    if (n >= WIDTH) {
        memcpy(edges + EDGE, x + n - WIDTH, WIDTH * sizeof(stored));
    } else {
        for (size_t i = 0; i < WIDTH; i++) edges[EDGE + i] = 0;
        memcpy(edges + EDGE, x, n * sizeof(stored));
    }
}

/* Any n of them, `size` bytes each. What whole vectors leave over at the end, and at the beginning where they are aligned by that, goes
   together with elements beside it as vectors of their own, which are read before the others are written. noinline: once for all maps. */
static __attribute__((noinline)) void map_elements(const stored *x, const stored *beside, void *out, size_t size, size_t n,
                                                   whole_map *map, const void *by)
{
    stored edges[EDGES], edges_beside[EDGES];
    double made[EDGES];
    const size_t before = n < WORTH_ALIGNING ? 0 : before_aligned(out, size), left = (n - before) % WIDTH,
                 whole = n - before - left;
    const size_t from = before > 0 ? 0 : EDGE;
    if (before + left > 0) {
        read_edges(x, n, edges);
        read_edges(beside, n, edges_beside);
    }
    if (whole > 0) map(x + before, beside + before, (char *)out + before * size, whole, by);
    if (before + left == 0) return;
    map(edges + from, edges_beside + from, (char *)made + from * size, EDGES - from, by);
    if (before > 0) memcpy(out, made, before * size);
    if (left > 0 && n < WIDTH) memcpy(out, (char *)made + EDGE * size, n * size);
    if (left > 0 && n >= WIDTH) memcpy((char *)out + (n - WIDTH) * size, (char *)made + EDGE * size, WIDTH * size);
}

/* As many elements as a vector has lanes, as doubles. */
static inline void load_parts(const stored *x, vf64 *part)
{
    EACH (k, PARTS) part[k] = load_doubles(x + k * VF64_WIDTH);
}

#endif
