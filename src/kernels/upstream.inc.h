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
#include "stretches.inc.h"
#include "sweep.inc.h"

enum { PAIRED_CLASSES = 2 * XENT_LANES };

/* Two groups of p and g; p NULL: without a product. */
struct pair {
    const stored *p, *next_p, *g, *next_g;
};
static inline struct pair pair_at(const stored *p, const stored *g)
{
    return (struct pair){ p, p == NULL ? NULL : p + XENT_LANES, g, g + XENT_LANES };
}

/* What a sweep of classes and that of the next group add to their lanes. */
static inline __attribute__((always_inline)) void add_groups(const struct pair *of, size_t i, bool product, vector *pair)
{
    vector first[SWEEP], second[SWEEP];
    load_sweep(of->g + i, SWEEP, pair);
    if (!product) {
        load_sweep(of->next_g + i, SWEEP, second);
        EACH (v, SWEEP) pair[v] = v_add(pair[v], second[v]);
    } else {
        load_sweep(of->p + i, SWEEP, first);
        EACH (v, SWEEP) first[v] = v_mul(first[v], pair[v]);
        load_sweep(of->next_p + i, SWEEP, pair);
        load_sweep(of->next_g + i, SWEEP, second);
        EACH (v, SWEEP) pair[v] = v_fma(pair[v], second[v], first[v]);
    }
}

/* Fetches the lines of a sweep of both groups a chunk ahead: what the rest of the row, or the next one, reads there. */
static inline __attribute__((always_inline)) void fetch_pairs(const struct pair *of, size_t i, bool product)
{
    prefetch_sweep(of->g + i + XENT_CHUNK, SWEEP_ELEMENTS, i % XENT_LANES);
    prefetch_sweep(of->next_g + i + XENT_CHUNK, SWEEP_ELEMENTS, i % XENT_LANES);
    if (product) prefetch_sweep(of->p + i + XENT_CHUNK, SWEEP_ELEMENTS, i % XENT_LANES);
    if (product) prefetch_sweep(of->next_p + i + XENT_CHUNK, SWEEP_ELEMENTS, i % XENT_LANES);
}

/* Adds pairs of groups, and a last one if there is one, to the lanes. */
static inline __attribute__((always_inline)) void add_pairs(const struct pair *from, size_t pairs, const struct pair *last,
                                                            bool product, vf64 *lanes)
{
    for (size_t lane = 0, vectors = 0; lane < XENT_LANES; lane += SWEEP * WIDTH, vectors += SWEEP) {
        vf64 *sum = lanes + vectors * PARTS;
        vector pair[SWEEP];
        EACH (v, SWEEP * PARTS) sum[v] = vf64_set(0.0);
        for (size_t i = lane; i < pairs * PAIRED_CLASSES; i += PAIRED_CLASSES) {
            if (goes_on(pairs * PAIRED_CLASSES)) fetch_pairs(from, i, product);
            add_groups(from, i, product, pair);
            EACH (v, SWEEP)
                EACH (k, PARTS)
                    sum[lane_vector(v, k, PAIRED)] = vf64_add_apart(sum[lane_vector(v, k, PAIRED)], v_widen(pair[v], k));
        }
        if (last == NULL) continue;
        add_groups(last, lane, product, pair);
        EACH (v, SWEEP)
            EACH (k, PARTS)
                sum[lane_vector(v, k, PAIRED)] = vf64_add_apart(sum[lane_vector(v, k, PAIRED)], v_widen(pair[v], k));
    }
}

/* The classes behind the last whole pair are a pair that is filled up with zeros: no sum is -0, so adding 0 changes none. */
static inline __attribute__((always_inline)) double sum_by_pairs(const stored *p, const stored *g, size_t n)
{
    static const stored zeros[XENT_LANES] = { 0 };
    const bool product = p != NULL;
    const size_t left = n % PAIRED_CLASSES, whole = n - left, partial = left % XENT_LANES;
    const struct pair from = pair_at(p, g);
    struct pair last = { zeros, zeros, zeros, zeros };
    stored last_p[XENT_LANES], last_g[XENT_LANES];
    vf64 lanes[LANE_VECTORS];
    if (partial > 0) {
        copy_padded(last_g, g + n - partial, partial * sizeof(stored), sizeof last_g, zeros);
        if (product) copy_padded(last_p, p + n - partial, partial * sizeof(stored), sizeof last_p, zeros);
    }
    if (left >= XENT_LANES) last.p = product ? p + whole : NULL, last.g = g + whole;
    if (left > XENT_LANES) last.next_p = last_p, last.next_g = last_g;
    if (left < XENT_LANES) last.p = last_p, last.g = last_g;
    add_pairs(&from, whole / PAIRED_CLASSES, left > 0 ? &last : NULL, product, lanes);
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
