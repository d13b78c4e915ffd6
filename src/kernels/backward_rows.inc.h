/* The second pass of the backwards over a chunk. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_BACKWARD_ROWS_INC_H
#define XENT_KERNELS_BACKWARD_ROWS_INC_H

#include "backward.inc.h"
#include "map.inc.h"

/* ---- p (g - dot) ---- */

typedef vf64 softmax_entry_of(vf64 p, vf64 upstream, vf64 dot);

static inline __attribute__((always_inline)) void map_softmax_entries(const stored *p, const stored *upstream, stored *out,
                                                                      size_t n, vf64 dot, softmax_entry_of *entry_of)
{
    for (size_t i = 0; i < n; i += WIDTH) {
        vf64 entry[PARTS], g[PARTS];
        load_parts(p + i, entry);
        load_parts(upstream + i, g);
        EACH (k, PARTS) entry[k] = entry_of(entry[k], g[k], dot);
        store_parts(out + i, entry);
    }
}

static void softmax_entries(const stored *p, const stored *upstream, void *out, size_t n, const void *dot)
{
    map_softmax_entries(p, upstream, out, n, *(const vf64 *)dot, softmax_entry);
}

/* cold: reals of f32 do not come here. */
static __attribute__((cold, noinline)) void softmax_entries_by_halves(const stored *p, const stored *upstream, void *out,
                                                                      size_t n, const void *dot)
{
    map_softmax_entries(p, upstream, out, n, *(const vf64 *)dot, softmax_entry_by_halves);
}

static void softmax_backward(const void *p, const void *grad_p, void *out, size_t n, double dot)
{
    const vf64 dots = vf64_set(dot);
    if (!COMPENSATED || fabs(dot) < XENT_DOT_WITHOUT_HALVES)
        map_elements(p, grad_p, out, sizeof(stored), n, softmax_entries, &dots);
    else
        map_elements(p, grad_p, out, sizeof(stored), n, softmax_entries_by_halves, &dots);
}

/* ---- g - e^logp sum, which is made of a few vectors in two loops: a loop over the whole chain of operations has too few of the chains
   in a processor's window ---- */

enum { SHARED_GROUP = 4 * XENT_LANES };

struct exponentials {
    real scale[SHARED_GROUP], low[SHARED_GROUP];
};

/* Answers whether some lane is far. */
static inline bool find_exponentials(const stored *logp, size_t n, struct exponentials *to)
{
    struct reach reach = no_reach();
    size_t i = 0;
    for (; i + STAGED * WIDTH <= n; i += STAGED * WIDTH) {
        vector x[STAGED], scale[STAGED], low[STAGED];
        EACH (v, STAGED) x[v] = load(logp + i + v * WIDTH);
        EACH (v, STAGED) reach = reach_of(reach, x[v]);
        exp_of_log_probs(STAGED, x, scale, low);
        EACH (v, STAGED) v_store(to->scale + i + v * WIDTH, scale[v]);
        EACH (v, STAGED) v_store(to->low + i + v * WIDTH, low[v]);
    }
    for (; i < n; i += WIDTH) {
        vector x = load(logp + i), scale, low;
        reach = reach_of(reach, x);
        exp_of_log_probs(1, &x, &scale, &low);
        v_store(to->scale + i, scale);
        v_store(to->low + i, low);
    }
    return is_far(reach);
}

static inline __attribute__((always_inline)) void subtract_shares(const struct exponentials *e, const stored *logp,
                                                                  const stored *upstream, stored *out, size_t n,
                                                                  const vf64 *sum, bool far)
{
    vf64 sums[PARTS];
    EACH (k, PARTS) sums[k] = scaled_sum(sum[k]);
    for (size_t i = 0; i < n; i += WIDTH) {
        vf64 entry[PARTS], share[PARTS];
        EACH (k, PARTS) {
            size_t at = i + k * VF64_WIDTH;
            share[k] = share_of_scaled(load_real_doubles(e->scale + at), load_real_doubles(e->low + at), sums[k]);
        }
        if (far) find_far_shares(load(logp + i), sum, share);
        load_parts(upstream + i, entry);
        EACH (k, PARTS) entry[k] = vf64_sub_apart(entry[k], share[k]);
        store_parts(out + i, entry);
    }
}

static __attribute__((noinline)) void subtract_far_shares(const struct exponentials *e, const stored *logp,
                                                          const stored *upstream, stored *out, size_t n, const vf64 *sum)
{
    subtract_shares(e, logp, upstream, out, n, sum, true);
}

static void log_softmax_entries(const stored *logp, const stored *upstream, void *to, size_t n, const void *sum)
{
    stored *out = to;
    struct exponentials e;
    for (size_t i = 0; i < n; i += SHARED_GROUP) {
        size_t count = n - i < SHARED_GROUP ? n - i : SHARED_GROUP;
        if (find_exponentials(logp + i, count, &e))
            subtract_far_shares(&e, logp + i, upstream + i, out + i, count, sum);
        else
            subtract_shares(&e, logp + i, upstream + i, out + i, count, sum, false);
    }
}

static void log_softmax_backward(const void *logp, const void *grad_logp, void *out, size_t n, double sum)
{
    vf64 sums[PARTS];
    EACH (k, PARTS) sums[k] = vf64_set(sum);
    map_elements(logp, grad_logp, out, sizeof(stored), n, log_softmax_entries, sums);
}

#endif
