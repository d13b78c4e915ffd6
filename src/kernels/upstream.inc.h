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

enum { PAIRED_CLASSES = 2 * XENT_LANES };

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
static inline __attribute__((always_inline)) void add_pairs(const stored *p, const stored *g, size_t pairs, vf64 *lanes)
{
    for (size_t lane = 0, vectors = 0; lane < XENT_LANES; lane += SWEEP * WIDTH, vectors += SWEEP) {
        vf64 sum[SWEEP * PARTS];
        EACH (v, SWEEP * PARTS) sum[v] = lanes[vectors * PARTS + v];
        for (size_t i = lane; i < pairs * PAIRED_CLASSES; i += PAIRED_CLASSES) {
            vector pair[SWEEP];
            pairs_of_groups(p == NULL ? NULL : p + i, g + i, pair);
            EACH (v, SWEEP)
                EACH (k, PARTS) sum[lane_vector(v, k, PAIRED)] = vf64_add(sum[lane_vector(v, k, PAIRED)], v_widen(pair[v], k));
        }
        EACH (v, SWEEP * PARTS) lanes[vectors * PARTS + v] = sum[v];
    }
}

/* The classes behind the last whole pair are a pair that is filled up with zeros: no sum is -0, so adding 0 changes none. */
static inline __attribute__((always_inline)) double sum_by_pairs(const stored *p, const stored *g, size_t n)
{
    static const stored zeros[XENT_LINE / sizeof(stored)] = { 0 };
    vf64 lanes[LANE_VECTORS];
    size_t left = n % PAIRED_CLASSES, whole = n - left;
    EACH (v, LANE_VECTORS) lanes[v] = vf64_set(0.0);
    add_pairs(p, g, whole / PAIRED_CLASSES, lanes);
    if (left > 0) {
        stored last_p[PAIRED_CLASSES], last_g[PAIRED_CLASSES];
        copy_padded(last_g, g + whole, left * sizeof(stored), sizeof last_g, zeros);
        if (p != NULL) copy_padded(last_p, p + whole, left * sizeof(stored), sizeof last_p, zeros);
        add_pairs(p == NULL ? NULL : last_p, last_g, 1, lanes);
    }
    return sum_of_vectors(lanes, PAIRED);
}

static __attribute__((cold, noinline)) double sum_in_double(const void *g, size_t n) { return sum_of_chunk(g, n); }

static double upstream_sum(const void *g, size_t n)
{
    double sum = COMPENSATED ? sum_of_chunk(g, n) : sum_by_pairs(NULL, g, n);
    return COMPENSATED || upstream_fits(sum, false) ? sum : sum_in_double(g, n);
}

static double upstream_dot(const void *p, const void *g, size_t n, bool *odd)
{
    double sum = COMPENSATED ? plain_dot(p, g, n) : sum_by_pairs(p, g, n);
    *odd = sum - sum != 0;
    return upstream_fits(sum, true) ? sum : dot(p, g, n);
}

#endif
