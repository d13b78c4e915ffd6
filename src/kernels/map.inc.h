/* Arrays of elements in whole vectors. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_MAP_INC_H
#define XENT_KERNELS_MAP_INC_H

#include <string.h>

#include "element.h"

/* Makes n elements, or reals, a multiple of a vector's lanes. beside: a second operand, or the first again. `out` may be the place of
   either. */
typedef void whole_map(const stored *x, const stored *beside, void *out, size_t n, const void *by);

/* Fewer elements than a vector has lanes are filled up with zeros. */
static inline __attribute__((always_inline)) void map_few(const stored *x, const stored *beside, void *out, size_t size,
                                                          size_t n, whole_map *map, const void *by)
{
    stored few[WIDTH] = { 0 }, few_beside[WIDTH] = { 0 };
    double made[WIDTH];
    memcpy(few, x, n * sizeof(stored));
    memcpy(few_beside, beside, n * sizeof(stored));
    map(few, few_beside, made, WIDTH, by);
    memcpy(out, made, n * size);
}

/* Any n of them, `size` bytes each. What is left over behind the whole vectors goes together with elements before it as a vector of its
   own, which is read before these are written. */
static inline __attribute__((always_inline)) void map_elements(const stored *x, const stored *beside, void *out, size_t size,
                                                               size_t n, whole_map *map, const void *by)
{
    stored last[WIDTH], last_beside[WIDTH];
    const size_t left = n % WIDTH, end = n - WIDTH;
    if (n < WIDTH) {
        map_few(x, beside, out, size, n, map, by);
        return;
    }
    memcpy(last, x + end, sizeof last);
    memcpy(last_beside, beside + end, sizeof last_beside);
    map(x, beside, out, n - left, by);
    if (left > 0) map(last, last_beside, (char *)out + end * size, WIDTH, by);
}

/* As many elements as a vector has lanes, as doubles. */
static inline void load_parts(const stored *x, vf64 *part)
{
    EACH (k, PARTS) part[k] = load_doubles(x + k * VF64_WIDTH);
}

/* Doubles become elements, NaN the canonical one, as `store` has it in 16 bits. */
static inline void store_parts(stored *out, const vf64 *part)
{
    vector a = v_narrow(part);
    store(out, sizeof(stored) < sizeof(real) ? a : v_canonical(a));
}

#endif
