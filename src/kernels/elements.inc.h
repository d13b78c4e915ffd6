/* What is computed element by element: logarithms, log-probabilities, the backward passes of softmax and log-softmax, and
 * storing. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_ELEMENTS_INC_H
#define XENT_KERNELS_ELEMENTS_INC_H

#include "exp.inc.h"
#include "groups.inc.h"
#include "log.inc.h"
#include "relate.h"

static void store_elements(const void *reals, void *out, size_t n)
{
    const real *from = reals;
    stored *to = out;
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        real group[XENT_LANES] = { 0 };
        memcpy(group, from + i, count * sizeof(real));
        write_group(group, count, to + i);
    }
}

static inline void map_to_log(real *x, const real *beside, double a, double b)
{
    (void)beside, (void)a, (void)b;
    for (size_t lane = 0; lane < XENT_LANES; lane++) x[lane] = (real)ln((double)x[lane]);
}

static void log_elements(const void *x, void *out, size_t n) { map_groups(x, NULL, out, n, map_to_log, 0, 0); }

static inline void map_to_log_probs(real *z, const real *beside, double max, double log1p_rest)
{
    (void)beside;
    for (size_t lane = 0; lane < XENT_LANES; lane++) z[lane] = (real)(((double)z[lane] - max) - log1p_rest);
}

static void log_probs(const void *z, void *out, size_t n, double max, double log1p_rest)
{
    map_groups(z, NULL, out, n, map_to_log_probs, max, log1p_rest);
}

static inline real canonical(double entry) { return entry == entry ? (real)entry : (real)NAN; }

/* The difference of two numbers at the end of double's range may overflow where its product with p does not: that of their halves
   never does. cold: reals of f32 do not come there. */
static __attribute__((cold, noinline)) void map_to_softmax_backward_by_halves(real *p, const real *upstream, double dot,
                                                                              double none)
{
    (void)none;
    for (size_t lane = 0; lane < XENT_LANES; lane++) {
        double entry = (double)p[lane] * ((double)upstream[lane] - dot);
        if (entry - entry != 0) entry = 2 * ((double)p[lane] * ((double)upstream[lane] / 2 - dot / 2));
        p[lane] = canonical(entry);
    }
}

static inline void map_to_softmax_backward(real *p, const real *upstream, double dot, double none)
{
    (void)none;
    for (size_t lane = 0; lane < XENT_LANES; lane++) p[lane] = canonical((double)p[lane] * ((double)upstream[lane] - dot));
}

static void softmax_backward(const void *p, const void *grad_p, void *out, size_t n, double dot)
{
    /* half a unit in the last place of the largest double: with less than that, no difference overflows */
    if (sizeof(real) < sizeof(double) || fabs(dot) < 0x1p969)
        map_groups(p, grad_p, out, n, map_to_softmax_backward, dot, 0);
    else
        map_groups(p, grad_p, out, n, map_to_softmax_backward_by_halves, dot, 0);
}

/* e^x of a group, exactly 1 for 0; beyond 0, where no log-probability lies, it is 1 / e^-x. Returns whether some x is so far from 0
   that its e^x has lost digits. */
static inline bool exp_of_group(const real *x, double *out)
{
    real scale[XENT_LANES], low[XENT_LANES];
    vector most = v_set((real)0);
    for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) {
        vector magnitude = v_abs(v_load(x + lane)), s, l;
        most = v_max(magnitude, most);
        exp_one(reference(0), v_sub(v_set((real)0), magnitude), &s, &l);
        v_store(scale + lane, s);
        v_store(low + lane, l);
    }
    for (size_t lane = 0; lane < XENT_LANES; lane++) {
        double e = ((double)scale[lane] + (double)scale[lane] * (double)low[lane]) * 0x1p-64;
        e = x[lane] == 0 ? 1 : e;
        out[lane] = x[lane] > 0 ? 1 / e : e;
    }
    return v_max_lane(most) > FAR;
}

/* share = sum * e^x where x is so far below 0 that a large sum may bring back what e^x alone could not hold. */
static __attribute__((cold, noinline)) void find_far_shares(const real *x, double sum, double *share)
{
    for (size_t lane = 0; lane < XENT_LANES; lane++) {
        double half = (double)x[lane] / 2;
        if (x[lane] < -FAR) share[lane] = scaled(scaled(sum, half, 0), half, 0);
    }
}

static inline void map_to_log_softmax_backward(real *logp, const real *upstream, double sum, double none)
{
    double share[XENT_LANES];
    bool far = exp_of_group(logp, share);
    (void)none;
    for (size_t lane = 0; lane < XENT_LANES; lane++) share[lane] *= sum;
    if (far) find_far_shares(logp, sum, share);
    for (size_t lane = 0; lane < XENT_LANES; lane++) logp[lane] = canonical((double)upstream[lane] - share[lane]);
}

static void log_softmax_backward(const void *logp, const void *grad_logp, void *out, size_t n, double sum)
{
    map_groups(logp, grad_logp, out, n, map_to_log_softmax_backward, sum, 0);
}

#endif
