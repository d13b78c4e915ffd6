/* Coefficients of a chunk, class weight times smoothed target, and their sums against its logits. Assumes the elements of a
 * variant (element.h). */
#ifndef XENT_KERNELS_WEIGH_INC_H
#define XENT_KERNELS_WEIGH_INC_H

#include <math.h>
#include <string.h>

#include "factors.inc.h"
#include "lanes.inc.h"
#include "stretches.inc.h"

/* n is a multiple of VF64_WIDTH. Where `uniform` is 0 nothing is added, so that zeros keep their signs. */
static inline void smooth_vectors(const stored *t, double *coef, size_t n, double hot, double uniform)
{
    for (size_t i = 0; i < n; i += VF64_WIDTH) {
        vf64 c = vf64_mul(vf64_set(hot), load_doubles(t + i));
        vf64_store(coef + i, uniform == 0 ? c : vf64_add(c, vf64_set(uniform)));
    }
}

/* Fetches what the next chunk is made of. */
static void smooth(const void *targets, double *coef, size_t n, double hot, double uniform)
{
    const stored *t = targets;
    size_t left = n % VF64_WIDTH, whole = n - left;
    stored last[VF64_WIDTH] = { 0 };
    double last_coef[VF64_WIDTH];
    memcpy(last, t + whole, left * sizeof(stored));
    for (size_t i = 0; i < whole; i += LINE_ELEMENTS) prefetch(t + i + XENT_CHUNK);
    smooth_vectors(t, coef, whole, hot, uniform);
    smooth_vectors(last, last_coef, VF64_WIDTH, hot, uniform);
    memcpy(coef + whole, last_coef, left * sizeof(double));
}

static inline void multiply_vectors(const stored *w, double *coef, size_t n)
{
    for (size_t i = 0; i < n; i += VF64_WIDTH) vf64_store(coef + i, vf64_mul(vf64_load(coef + i), load_doubles(w + i)));
}

static void multiply(const void *weights, double *coef, size_t n)
{
    const stored *w = weights;
    size_t left = n % VF64_WIDTH, whole = n - left;
    stored last[VF64_WIDTH] = { 0 };
    double last_coef[VF64_WIDTH] = { 0 };
    memcpy(last, w + whole, left * sizeof(stored));
    memcpy(last_coef, coef + whole, left * sizeof(double));
    multiply_vectors(w, coef, whole);
    multiply_vectors(last, last_coef, VF64_WIDTH);
    memcpy(coef + whole, last_coef, left * sizeof(double));
}

/* The sums of all lanes in memory, ... */
struct weighed {
    struct lanes coef, gap;
    vf64 peak[2]; /* of even and of odd vectors, so that neither waits for the other */
};

/* ... and of one vector of lanes in registers. */
struct weighed_vector {
    vf64 coef, coef_error, gap, gap_error;
};

static inline void weighed_load(struct weighed_vector *sums, const struct weighed *weighed, size_t lane)
{
    sums->coef = vf64_load(weighed->coef.sum + lane);
    sums->coef_error = load_error(&weighed->coef, lane);
    sums->gap = vf64_load(weighed->gap.sum + lane);
    sums->gap_error = load_error(&weighed->gap, lane);
}

static inline void weighed_store(const struct weighed_vector *sums, struct weighed *weighed, size_t lane)
{
    vf64_store(weighed->coef.sum + lane, sums->coef);
    store_error(&weighed->coef, lane, sums->coef_error);
    vf64_store(weighed->gap.sum + lane, sums->gap);
    store_error(&weighed->gap, lane, sums->gap_error);
}

/* What is summed of the coefficients beside the gap. */
enum sums { GAP_ALONE, ALL_SUMS };

/* Adds groups of 64 classes to the first lanes_used lanes, as many lanes at a time as the sums' registers last. Only OWN_COEFS take
   care that a coefficient of 0 contributes 0 to the gap; the others make NaN of it where the distance is infinite. */
static inline __attribute__((always_inline)) void weigh_groups(const stored *z, const struct coef_source *from,
                                                               enum coefs coefs, enum sums sums, size_t groups,
                                                               size_t lanes_used, double max, struct weighed *weighed)
{
    enum { VECTORS = SWEEP * WIDTH / VF64_WIDTH };
    const vf64 base = vf64_set(max);
    vf64 peak[2] = { weighed->peak[0], weighed->peak[1] };
    for (size_t lane = 0; lane < lanes_used; lane += SWEEP * WIDTH) {
        struct weighed_vector sum[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) weighed_load(&sum[v], weighed, lane + v * VF64_WIDTH);
        for (size_t g = 0; g < groups; g++) {
            if (coefs != OWN_COEFS) prefetch_sweep(from->t + XENT_LANES * g + lane + XENT_CHUNK, SWEEP_ELEMENTS, lane);
            for (size_t v = 0; v < VECTORS; v++) {
                size_t at = XENT_LANES * g + lane + v * VF64_WIDTH;
                vf64 c = coef_of(from, coefs, at), gap = vf64_mul(c, vf64_sub(base, load_doubles(z + at)));
                if (coefs == OWN_COEFS) gap = vf64_unless_zero(c, gap);
                accumulate(&sum[v].gap, &sum[v].gap_error, gap);
                if (sums == GAP_ALONE) continue;
                accumulate(&sum[v].coef, &sum[v].coef_error, c);
                peak[v % 2] = vf64_max(vf64_abs(c), peak[v % 2]);
            }
        }
        for (size_t v = 0; v < VECTORS; v++) weighed_store(&sum[v], weighed, lane + v * VF64_WIDTH);
    }
    weighed->peak[0] = peak[0];
    weighed->peak[1] = peak[1];
}

static __attribute__((noinline)) void weigh_own(const stored *z, const double *coef, size_t groups, size_t lanes_used,
                                                double max, struct weighed *weighed)
{
    const struct coef_source from = { .own = coef };
    weigh_groups(z, &from, OWN_COEFS, ALL_SUMS, groups, lanes_used, max, weighed);
}

/* `count` classes from `from` on, at most a group, which is filled up with logits and coefficients of 0: no sum is -0, so adding 0
   changes none. */
static void weigh_group(const stored *z, const struct xent_chunk_coef *coef, size_t from, size_t count, double max,
                        struct weighed *weighed)
{
    stored padded[XENT_LANES] = { 0 };
    double own[XENT_LANES];
    memcpy(padded, z + from, count * sizeof(stored));
    if (are_factors(coef)) {
        fill_group(&coef->factors, from, count, own);
    } else {
        memset(own, 0, sizeof own);
        memcpy(own, coef->at + from, count * sizeof(double));
    }
    weigh_own(padded, own, 1, count, max, weighed);
}

/* Once more, with care for coefficients of 0. */
static __attribute__((cold, noinline)) void weigh_with_care(const stored *z, const struct xent_chunk_coef *coef, size_t whole,
                                                            double max, struct weighed *weighed)
{
    for (size_t from = 0; from < whole; from += XENT_LANES) weigh_group(z, coef, from, XENT_LANES, max, weighed);
}

static void weigh_whole_groups(const stored *z, const struct xent_chunk_coef *coef, size_t groups, double max,
                               struct weighed *weighed)
{
    const struct coef_source from = source_of(&coef->factors);
    if (!are_factors(coef))
        weigh_own(z, coef->at, groups, XENT_LANES, max, weighed);
    else if (from.w == NULL && coef->is_summed)
        weigh_groups(z, &from, FACTORS, GAP_ALONE, groups, XENT_LANES, max, weighed);
    else if (from.w == NULL)
        weigh_groups(z, &from, FACTORS, ALL_SUMS, groups, XENT_LANES, max, weighed);
    else
        weigh_groups(z, &from, WEIGHTED_FACTORS, ALL_SUMS, groups, XENT_LANES, max, weighed);
}

static void weigh(const void *logits, const struct xent_chunk_coef *coef, size_t n, struct xent_state *state)
{
    const stored *z = logits;
    double base = state->max == -(double)INFINITY ? 0 : state->max;
    size_t left = n % XENT_LANES, whole = n - left;
    struct weighed weighed;
    for (bool care = false;; care = true) {
        memset(&weighed, 0, sizeof weighed);
        if (care)
            weigh_with_care(z, coef, whole, base, &weighed);
        else
            weigh_whole_groups(z, coef, whole / XENT_LANES, base, &weighed);
        if (left > 0) weigh_group(z, coef, whole, left, base, &weighed);
        state->gap = total(&weighed.gap);
        if (state->gap == state->gap || !are_factors(coef) || care) break;
    }
    if (coef->is_summed) return;
    state->coef = total(&weighed.coef);
    state->coef_peak = vf64_max_lane(vf64_max(weighed.peak[0], weighed.peak[1]));
}

#endif
