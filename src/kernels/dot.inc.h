/* The sum of a chunk's numbers, or of their products with others, in double. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_DOT_INC_H
#define XENT_KERNELS_DOT_INC_H

#include "element.h"
#include "lanes.inc.h"

enum {
    /* vectors of lanes that are summed at a time, */
    DOT_LANES = XENT_LANES / VF64_WIDTH,
    DOT_MOST = COMPENSATED ? VF64_SUMS : 2 * VF64_SUMS,
    DOT_VECTORS = DOT_MOST < DOT_LANES ? DOT_MOST : DOT_LANES,
    /* and over so many groups, which the first cache holds until the other lanes have had their turn */
    DOT_GROUPS = DOT_VECTORS < DOT_LANES ? 8 : XENT_CHUNK / XENT_LANES
};

/* Adds p g to a lane of a dot. */
static inline void add_to_dot(vf64 *sum, vf64 *error, vf64 p, vf64 g)
{
    if (COMPENSATED)
        accumulate(sum, error, vf64_mul(p, g));
    else
        *sum = add_product(*sum, p, g);
}

/* The same, but 0 where g is 0. A product differs only where it is NaN, so a dot that is no NaN needs no other. */
static inline void add_to_careful_dot(vf64 *sum, vf64 *error, vf64 p, vf64 g)
{
    accumulate(sum, error, vf64_unless_zero(g, vf64_mul(p, g)));
}

enum product { NO_PRODUCT, PLAIN_PRODUCT, CAREFUL_PRODUCT };

static inline __attribute__((always_inline)) void dot_vector(const stored *p, const stored *g, enum product product, vf64 *sum,
                                                             vf64 *error)
{
    if (product == NO_PRODUCT) accumulate(sum, error, load_doubles(g));
    if (product == PLAIN_PRODUCT) add_to_dot(sum, error, load_doubles(p), load_doubles(g));
    if (product == CAREFUL_PRODUCT) add_to_careful_dot(sum, error, load_doubles(p), load_doubles(g));
}

/* Adds groups of 64 classes to the first lanes_used lanes. */
static inline __attribute__((always_inline)) void dot_groups(const stored *p, const stored *g, enum product product,
                                                             size_t groups, size_t lanes_used, struct lanes *lanes)
{
    for (size_t lane = 0; lane < lanes_used; lane += DOT_VECTORS * VF64_WIDTH) {
        vf64 sum[DOT_VECTORS], error[DOT_VECTORS];
        EACH (v, DOT_VECTORS) sum[v] = vf64_load(lanes->sum + lane + v * VF64_WIDTH);
        EACH (v, DOT_VECTORS) error[v] = load_error(lanes, lane + v * VF64_WIDTH);
        for (size_t i = lane; i < groups * XENT_LANES; i += XENT_LANES)
            EACH (v, DOT_VECTORS) dot_vector(p + i + v * VF64_WIDTH, g + i + v * VF64_WIDTH, product, &sum[v], &error[v]);
        EACH (v, DOT_VECTORS) vf64_store(lanes->sum + lane + v * VF64_WIDTH, sum[v]);
        EACH (v, DOT_VECTORS) store_error(lanes, lane + v * VF64_WIDTH, error[v]);
    }
}

/* The classes behind the last whole group are a group that is filled up with zeros: no sum is -0, so adding 0 changes none. Without a
   product p is g. */
static inline __attribute__((always_inline)) double dot_chunk(const stored *p, const stored *g, size_t n, enum product product)
{
    static const stored zeros[XENT_LINE / sizeof(stored)] = { 0 };
    struct lanes lanes = { { 0 }, { 0 } };
    size_t left = n % XENT_LANES, whole = n - left;
    for (size_t i = 0; i < whole; i += DOT_GROUPS * XENT_LANES) {
        size_t groups = (whole - i) / XENT_LANES;
        dot_groups(p + i, g + i, product, groups < DOT_GROUPS ? groups : DOT_GROUPS, XENT_LANES, &lanes);
    }
    if (left > 0) {
        stored last_p[XENT_LANES], last_g[XENT_LANES];
        copy_padded(last_g, g + whole, left * sizeof(stored), sizeof last_g, zeros);
        if (product != NO_PRODUCT) copy_padded(last_p, p + whole, left * sizeof(stored), sizeof last_p, zeros);
        dot_groups(product == NO_PRODUCT ? last_g : last_p, last_g, product, 1, left, &lanes);
    }
    return total(&lanes);
}

static double sum_of_chunk(const void *g, size_t n) { return dot_chunk(g, g, n, NO_PRODUCT); }

static __attribute__((cold, noinline)) double careful_dot(const void *p, const void *g, size_t n)
{
    return dot_chunk(p, g, n, CAREFUL_PRODUCT);
}

static __attribute__((noinline)) double plain_dot(const void *p, const void *g, size_t n)
{
    return dot_chunk(p, g, n, PLAIN_PRODUCT);
}

static double dot(const void *p, const void *g, size_t n)
{
    double sum = plain_dot(p, g, n);
    return sum == sum ? sum : careful_dot(p, g, n);
}

#endif
