/* What is computed element by element: logarithms, log-probabilities, the backward passes of softmax and log-softmax, and
 * storing. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_ELEMENTS_INC_H
#define XENT_KERNELS_ELEMENTS_INC_H

#include "exp.inc.h"
#include "groups.inc.h"
#include "log.inc.h"

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

static inline void map_to_softmax_backward(real *p, const real *upstream, double dot, double none)
{
    (void)none;
    for (size_t lane = 0; lane < XENT_LANES; lane++) p[lane] = canonical((double)p[lane] * ((double)upstream[lane] - dot));
}

static void softmax_backward(const void *p, const void *grad_p, void *out, size_t n, double dot)
{
    map_groups(p, grad_p, out, n, map_to_softmax_backward, dot, 0);
}

/* e^x of a group, exactly 1 for 0. Beyond 0, where no log-probability lies, it is 1 / e^-x. */
static inline void exp_of_group(const real *x, double *out)
{
    real scale[XENT_LANES], low[XENT_LANES];
    for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) {
        vector minus = v_sub(v_set((real)0), v_abs(v_load(x + lane))), s, l;
        exp_one(reference(0), minus, &s, &l);
        v_store(scale + lane, s);
        v_store(low + lane, l);
    }
    for (size_t lane = 0; lane < XENT_LANES; lane++) {
        double e = ((double)scale[lane] + (double)scale[lane] * (double)low[lane]) * 0x1p-64;
        e = x[lane] == 0 ? 1 : e;
        out[lane] = x[lane] > 0 ? 1 / e : e;
    }
}

static inline void map_to_log_softmax_backward(real *logp, const real *upstream, double sum, double none)
{
    double p[XENT_LANES];
    (void)none;
    exp_of_group(logp, p);
    for (size_t lane = 0; lane < XENT_LANES; lane++) logp[lane] = canonical((double)upstream[lane] - p[lane] * sum);
}

static void log_softmax_backward(const void *logp, const void *grad_logp, void *out, size_t n, double sum)
{
    map_groups(logp, grad_logp, out, n, map_to_log_softmax_backward, sum, 0);
}

#endif
