/* Sums over the 64 lanes of a chunk, in memory. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_LANES_INC_H
#define XENT_KERNELS_LANES_INC_H

#include "kernels.h"
#include "real.h"
#include "two_sum.h"

struct lanes {
    _Alignas(XENT_LINE) double sum[XENT_LANES];
    _Alignas(XENT_LINE) double error[COMPENSATED ? XENT_LANES : 1]; /* what the roundings of sum lost */
};

/* TwoSum of vectors: *sum += x; returns what the rounding lost. */
static inline vf64 add_two_vectors(vf64 *sum, vf64 x)
{
    vf64 a = *sum, s = vf64_add(a, x), back = vf64_sub(s, a);
    *sum = s;
    return vf64_add(vf64_sub(a, vf64_sub(s, back)), vf64_sub(x, back));
}

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

static inline void join_vectors(struct lanes *lanes, size_t to, size_t from)
{
    vf64 sum = vf64_load(lanes->sum + to), error = vf64_set(0.0), other_error = error;
    if (COMPENSATED) {
        error = vf64_load(lanes->error + to);
        other_error = vf64_load(lanes->error + from);
    }
    join(&sum, &error, vf64_load(lanes->sum + from), other_error);
    vf64_store(lanes->sum + to, sum);
    if (COMPENSATED) vf64_store(lanes->error + to, error);
}

static inline void join_lanes(struct lanes *lanes, size_t to, size_t from)
{
    if (COMPENSATED) {
        double both = lanes->error[to] + lanes->error[from], lost = 0;
        add_two(&lanes->sum[to], &lost, lanes->sum[from]);
        lanes->error[to] = both + lost;
    } else {
        lanes->sum[to] += lanes->sum[from];
    }
}

/* Adds up all lanes by halves: i + 32, i + 16, ... i + 1. lanes->sum[0] is then their plain sum in the same order. */
static __attribute__((noinline)) double tree(struct lanes *lanes)
{
    size_t half = XENT_LANES / 2;
    for (; half >= VF64_WIDTH; half /= 2)
        for (size_t i = 0; i < half; i += VF64_WIDTH) join_vectors(lanes, i, i + half);
    for (; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) join_lanes(lanes, i, i + half);
    return COMPENSATED ? lanes->sum[0] + lanes->error[0] : lanes->sum[0];
}

/* The same for lanes that may hold anything: the plain sum where the compensated one is NaN. TwoSum makes NaN of an infinity,
   which is what a positive coefficient of a logit -inf comes to. (The sum of the terms must not be taken so: there a NaN may
   stand in the errors alone.) */
static inline double total(struct lanes *lanes)
{
    double sum = tree(lanes);
    return sum == sum ? sum : lanes->sum[0];
}

#endif
