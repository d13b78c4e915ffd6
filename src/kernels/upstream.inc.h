/* The first pass of the backwards over a chunk: the sum of the upstream gradient, or of its products with p. Assumes the elements of a
 * variant (element.h).
 *
 * Where reals are f32, groups of 64 classes are taken two by two, and what both add to a lane is one real: g + g', or p' g' + p g with one
 * rounding for p g and one for both. So half as many numbers become doubles. The sums of products that a real might not hold with all
 * digits, or of which it might overflow, are made in double instead, whatever they are made of. */
#ifndef XENT_KERNELS_UPSTREAM_INC_H
#define XENT_KERNELS_UPSTREAM_INC_H

#include "backward.inc.h"
#include "dot.inc.h"
#include "sweep.inc.h"

enum { PAIRED_CLASSES = 2 * XENT_LANES, LANE_VECTORS = XENT_LANES / VF64_WIDTH };

/* The lanes in vectors of doubles. Where PAIRED, two vectors of reals, even classes and odd ones, have their parts in turn: joining
   the first half of all vectors to the second is then right until one of each is left. */
struct wide_lanes {
    vf64 sum[LANE_VECTORS];
};
static inline size_t wide_part(size_t vector_index, size_t part)
{
    return PAIRED ? vector_index / 2 * 2 * PARTS + 2 * part + vector_index % 2 : vector_index * PARTS + part;
}

/* What a sweep of classes and that of the next group add to their lanes. p NULL: without a product. */
static inline __attribute__((always_inline)) void pairs_of_groups(const stored *p, const stored *g, vector *pair)
{
    vector first[SWEEP], second[SWEEP];
    load_sweep(g, SWEEP, pair);
    if (p == NULL) {
        load_sweep(g + XENT_LANES, SWEEP, second);
        EACH (v, SWEEP) pair[v] = v_add(pair[v], second[v]);
    } else {
        load_sweep(p, SWEEP, first);
        EACH (v, SWEEP) first[v] = v_mul(first[v], pair[v]);
        load_sweep(p + XENT_LANES, SWEEP, pair);
        load_sweep(g + XENT_LANES, SWEEP, second);
        EACH (v, SWEEP) pair[v] = v_fma(pair[v], second[v], first[v]);
    }
}

/* Adds pairs of groups to all lanes. */
static inline __attribute__((always_inline)) void add_pairs(const stored *p, const stored *g, size_t pairs,
                                                            struct wide_lanes *lanes)
{
    for (size_t lane = 0, vectors = 0; lane < XENT_LANES; lane += SWEEP * WIDTH, vectors += SWEEP) {
        vf64 sum[SWEEP * PARTS];
        EACH (v, SWEEP * PARTS) sum[v] = lanes->sum[vectors * PARTS + v];
        for (size_t i = lane; i < pairs * PAIRED_CLASSES; i += PAIRED_CLASSES) {
            vector pair[SWEEP];
            pairs_of_groups(p == NULL ? NULL : p + i, g + i, pair);
            EACH (v, SWEEP)
                EACH (k, PARTS) sum[wide_part(v, k)] = vf64_add(sum[wide_part(v, k)], v_widen(pair[v], k));
        }
        EACH (v, SWEEP * PARTS) lanes->sum[vectors * PARTS + v] = sum[v];
    }
}

/* As `tree` adds them up. */
static inline __attribute__((always_inline)) double total_of_wide(struct wide_lanes *lanes)
{
    for (size_t half = LANE_VECTORS / 2; half >= (PAIRED ? 2 : 1); half /= 2)
        for (size_t v = 0; v < half; v++) lanes->sum[v] = vf64_add(lanes->sum[v], lanes->sum[v + half]);
    double total = vf64_sum_lanes(lanes->sum[0]);
    return PAIRED ? total + vf64_sum_lanes(lanes->sum[1]) : total;
}

/* The classes behind the last whole pair are a pair that is filled up with zeros: no sum is -0, so adding 0 changes none. */
static inline __attribute__((always_inline)) double sum_by_pairs(const stored *p, const stored *g, size_t n)
{
    static const stored zeros[XENT_LINE / sizeof(stored)] = { 0 };
    struct wide_lanes lanes;
    size_t left = n % PAIRED_CLASSES, whole = n - left;
    EACH (v, LANE_VECTORS) lanes.sum[v] = vf64_set(0.0);
    add_pairs(p, g, whole / PAIRED_CLASSES, &lanes);
    if (left > 0) {
        stored last_p[PAIRED_CLASSES], last_g[PAIRED_CLASSES];
        copy_padded(last_g, g + whole, left * sizeof(stored), sizeof last_g, zeros);
        if (p != NULL) copy_padded(last_p, p + whole, left * sizeof(stored), sizeof last_p, zeros);
        add_pairs(p == NULL ? NULL : last_p, last_g, 1, &lanes);
    }
    return total_of_wide(&lanes);
}

static double upstream_sum(const void *g, size_t n)
{
    double sum = COMPENSATED ? sum_of_chunk(g, n) : sum_by_pairs(NULL, g, n);
    return upstream_fits(sum, false) ? sum : sum_of_chunk(g, n);
}

static double upstream_dot(const void *p, const void *g, size_t n, bool *odd)
{
    double sum = COMPENSATED ? plain_dot(p, g, n) : sum_by_pairs(p, g, n);
    *odd = sum - sum != 0;
    return upstream_fits(sum, true) ? sum : dot(p, g, n);
}

#endif
