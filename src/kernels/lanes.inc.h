/* Sums over the 64 lanes of a chunk, in memory. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_LANES_INC_H
#define XENT_KERNELS_LANES_INC_H

#include "kernels.h"
#include "real.h"
#include "two_sum.h"
#include "two_sum.inc.h"

struct lanes {
    _Alignas(XENT_LINE) double sum[XENT_LANES];
    _Alignas(XENT_LINE) double error[COMPENSATED ? XENT_LANES : 1]; /* what the roundings of sum lost */
};

/* A vector of the errors, 0 where there are none; and back. */
static inline vf64 load_error(const struct lanes *lanes, size_t lane)
{
    return COMPENSATED ? vf64_load(lanes->error + lane) : vf64_set(0.0);
}
static inline void store_error(struct lanes *lanes, size_t lane, vf64 error)
{
    if (COMPENSATED) vf64_store(lanes->error + lane, error);
}

/* *sum += x, for numbers of any kind. */
static inline void accumulate(vf64 *sum, vf64 *error, vf64 x)
{
    if (COMPENSATED)
        *error = vf64_add(*error, add_two_vectors(sum, x));
    else
        *sum = vf64_add(*sum, x);
}

/* *sum += other, *error += other_error: two lanes become one. */
static inline void join(vf64 *sum, vf64 *error, vf64 other, vf64 other_error)
{
    if (COMPENSATED) {
        vf64 both = vf64_add(*error, other_error);
        *error = vf64_add(both, add_two_vectors(sum, other));
    } else {
        *sum = vf64_add(*sum, other);
    }
}

/* The lanes as vectors of doubles. Of `paired` vectors of reals, whose lanes are the even classes and the odd ones, the parts stand in
   turn: joining the first half of all vectors to the second is then right until one of each kind is left. */
enum { LANE_VECTORS = XENT_LANES / VF64_WIDTH };
static inline size_t lane_vector(size_t vector_index, size_t part, bool paired)
{
    return paired ? vector_index / 2 * 2 * PARTS + 2 * part + vector_index % 2 : vector_index * PARTS + part;
}

/* Adds up all lanes by halves: i + 32, i + 16, ... i + 1. */
static inline __attribute__((always_inline)) double sum_of_vectors(vf64 *sum, bool paired)
{
    for (size_t half = LANE_VECTORS / 2; half >= (paired ? 2 : 1); half /= 2)
        for (size_t v = 0; v < half; v++) sum[v] = vf64_add(sum[v], sum[v + half]);
    return paired ? vf64_sum_lanes(sum[0]) + vf64_sum_lanes(sum[1]) : vf64_sum_lanes(sum[0]);
}

static inline void join_vectors(struct lanes *lanes, size_t to, size_t from)
{
    vf64 sum = vf64_load(lanes->sum + to), error = load_error(lanes, to);
    join(&sum, &error, vf64_load(lanes->sum + from), load_error(lanes, from));
    vf64_store(lanes->sum + to, sum);
    store_error(lanes, to, error);
}

static inline void join_lanes(struct lanes *lanes, size_t to, size_t from)
{
    double both = lanes->error[to] + lanes->error[from], lost = 0;
    add_two(&lanes->sum[to], &lost, lanes->sum[from]);
    lanes->error[to] = both + lost;
}

/* The same with the errors. */
static inline double sum_of_compensated(struct lanes *lanes)
{
    size_t half = XENT_LANES / 2;
    for (; half >= VF64_WIDTH; half /= 2)
        for (size_t i = 0; i < half; i += VF64_WIDTH) join_vectors(lanes, i, i + half);
    for (; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) join_lanes(lanes, i, i + half);
    return lanes->sum[0] + lanes->error[0];
}

/* The sum of all lanes. lanes->sum[0] is then their plain sum in the same order. */
static inline __attribute__((always_inline)) double tree_of(struct lanes *lanes, bool paired)
{
    vf64 sum[LANE_VECTORS];
    if (COMPENSATED) return sum_of_compensated(lanes);
    for (size_t v = 0; v < LANE_VECTORS; v++) sum[v] = vf64_load(lanes->sum + v * VF64_WIDTH);
    return lanes->sum[0] = sum_of_vectors(sum, paired);
}

static __attribute__((noinline)) double tree(struct lanes *lanes) { return tree_of(lanes, false); }

/* The same for lanes that may hold anything: the plain sum where the compensated one is NaN. TwoSum makes NaN of an infinity,
   which is what a positive coefficient of a logit -inf comes to. (The sum of the terms must not be taken so: there a NaN may
   stand in the errors alone.) */
static inline double total(struct lanes *lanes)
{
    double sum = tree(lanes);
    return sum == sum ? sum : lanes->sum[0];
}

#endif
