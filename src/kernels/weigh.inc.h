/* Coefficients of a chunk, class weight times smoothed target, and their sums against its logits. Assumes the elements of a
 * variant (element.h). */
#ifndef XENT_KERNELS_WEIGH_INC_H
#define XENT_KERNELS_WEIGH_INC_H

#include <math.h>
#include <string.h>

#include "element.h"
#include "lanes.inc.h"

/* n is a multiple of VF64_WIDTH. Where `uniform` is 0 nothing is added, so that zeros keep their signs. */
static inline void smooth_vectors(const stored *t, double *coef, size_t n, double hot, double uniform)
{
    for (size_t i = 0; i < n; i += VF64_WIDTH) {
        vf64 c = vf64_mul(vf64_set(hot), load_doubles(t + i));
        vf64_store(coef + i, uniform == 0 ? c : vf64_add(c, vf64_set(uniform)));
    }
}

static void smooth(const void *targets, double *coef, size_t n, double hot, double uniform)
{
    const stored *t = targets;
    size_t left = n % VF64_WIDTH, whole = n - left;
    stored last[VF64_WIDTH] = { 0 };
    double last_coef[VF64_WIDTH];
    memcpy(last, t + whole, left * sizeof(stored));
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
    sums->coef_error = vf64_load(weighed->coef.error + lane);
    sums->gap = vf64_load(weighed->gap.sum + lane);
    sums->gap_error = vf64_load(weighed->gap.error + lane);
}

static inline void weighed_store(const struct weighed_vector *sums, struct weighed *weighed, size_t lane)
{
    vf64_store(weighed->coef.sum + lane, sums->coef);
    vf64_store(weighed->coef.error + lane, sums->coef_error);
    vf64_store(weighed->gap.sum + lane, sums->gap);
    vf64_store(weighed->gap.error + lane, sums->gap_error);
}

enum weights { OWN_WEIGHTS, EQUAL_WEIGHTS };

/* Adds groups of 64 classes to the first lanes_used lanes, as many lanes at a time as the sums' registers last. EQUAL_WEIGHTS:
   all classes have the coefficient coef[0], and so far all lanes have the same sum of coefficients, so that one vector of it
   does. */
static inline __attribute__((always_inline)) void weigh_groups(const stored *z, const double *coef, enum weights weights,
                                                               size_t groups, size_t lanes_used, double max,
                                                               struct weighed *weighed)
{
    enum { VECTORS = SWEEP * WIDTH / VF64_WIDTH };
    const vf64 base = vf64_set(max);
    const bool equal = weights == EQUAL_WEIGHTS;
    vf64 peak[2] = { weighed->peak[0], weighed->peak[1] };
    for (size_t lane = 0; lane < lanes_used; lane += SWEEP * WIDTH) {
        struct weighed_vector sum[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) weighed_load(&sum[v], weighed, lane + v * VF64_WIDTH);
        for (size_t g = 0; g < groups; g++)
            for (size_t v = 0; v < VECTORS; v++) {
                size_t at = XENT_LANES * g + lane + v * VF64_WIDTH;
                vf64 c = equal ? vf64_set(coef[0]) : vf64_load(coef + at);
                vf64 gap = vf64_unless_zero(c, vf64_mul(c, vf64_sub(base, load_doubles(z + at))));
                accumulate(&sum[v].gap, &sum[v].gap_error, gap);
                if (equal && v > 0) continue;
                accumulate(&sum[v].coef, &sum[v].coef_error, c);
                peak[v % 2] = vf64_max(vf64_abs(c), peak[v % 2]);
            }
        for (size_t v = 0; v < VECTORS; v++) {
            if (equal) {
                sum[v].coef = sum[0].coef;
                sum[v].coef_error = sum[0].coef_error;
            }
            weighed_store(&sum[v], weighed, lane + v * VF64_WIDTH);
        }
    }
    weighed->peak[0] = peak[0];
    weighed->peak[1] = peak[1];
}

/* The classes behind the last whole group are a group that is filled up with coefficients of 0: no sum is -0, so adding 0
   changes none. */
static void weigh(const void *logits, const struct xent_chunk_coef *coef, size_t n, struct xent_state *state)
{
    const stored *z = logits;
    double base = state->max == -(double)INFINITY ? 0 : state->max;
    size_t left = n % XENT_LANES, whole = n - left;
    struct weighed weighed;
    memset(&weighed, 0, sizeof weighed);
    if (coef->step == 0)
        weigh_groups(z, coef->at, EQUAL_WEIGHTS, whole / XENT_LANES, XENT_LANES, base, &weighed);
    else
        weigh_groups(z, coef->at, OWN_WEIGHTS, whole / XENT_LANES, XENT_LANES, base, &weighed);
    if (left > 0) {
        stored last[XENT_LANES] = { 0 };
        double last_coef[XENT_LANES] = { 0 };
        memcpy(last, z + whole, left * sizeof(stored));
        for (size_t i = 0; i < left; i++) last_coef[i] = coef->at[(whole + i) * coef->step];
        weigh_groups(last, last_coef, OWN_WEIGHTS, 1, left, base, &weighed);
    }
    state->coef = total(&weighed.coef);
    state->gap = total(&weighed.gap);
    state->coef_peak = vf64_max_lane(vf64_max(weighed.peak[0], weighed.peak[1]));
}

#endif
