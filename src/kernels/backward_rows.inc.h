/* The second pass of the backwards over a chunk. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_BACKWARD_ROWS_INC_H
#define XENT_KERNELS_BACKWARD_ROWS_INC_H

#include "backward.inc.h"
#include "map.inc.h"
#include "stretches.inc.h"

/* A row's sum, for all lanes. */
struct row_sum {
    vf64 part[PARTS];
    struct negative minus;
};

static inline struct row_sum row_sum_of(double sum)
{
    struct row_sum of;
    EACH (k, PARTS) of.part[k] = vf64_set(sum);
    of.minus = negative_of(of.part);
    return of;
}

/* Fetches the lines of so many elements of both operands that the next rows' first pass reads, where rows are short: as many bytes ahead
   as a block of them has in an operand (XENT_BLOCK_OPERANDS, run/tuning.h). */
static inline __attribute__((always_inline)) void fetch_block(const stored *in, const stored *upstream, size_t elements)
{
    const size_t ahead = 8192 / sizeof(stored);
    for (size_t i = 0; i < elements; i += LINE_ELEMENTS) {
        prefetch(in + i + ahead);
        prefetch(upstream + i + ahead);
    }
}

/* All p and upstream gradients are numbers, so the entries are. */
static void softmax_entries(const stored *p, const stored *upstream, void *to, size_t n, const void *dot)
{
    const struct negative minus = ((const struct row_sum *)dot)->minus;
    stored *out = to;
    size_t i = 0;
    for (; i + 2 * WIDTH <= n; i += 2 * WIDTH) {
        vector entry[2], g[2];
        load_pair(p + i, entry);
        load_pair(upstream + i, g);
        if (!goes_on(n)) fetch_block(p + i, upstream + i, 2 * WIDTH);
        EACH (v, 2) entry[v] = softmax_entry(entry[v], g[v], minus);
        store_number_pair(out + i, entry);
    }
    if (i < n) store_number(out + i, softmax_entry(load(p + i), load(upstream + i), minus));
}

static __attribute__((cold, noinline)) void softmax_entries_in_double(const stored *p, const stored *upstream, void *out,
                                                                      size_t n, const void *dot)
{
    const vf64 of_row = ((const struct row_sum *)dot)->part[0];
    for (size_t i = 0; i < n; i += WIDTH) {
        vf64 entry[PARTS], g[PARTS];
        load_parts(p + i, entry);
        load_parts(upstream + i, g);
        EACH (k, PARTS) entry[k] = softmax_entry_in_double(entry[k], g[k], of_row);
        store_number((stored *)out + i, v_canonical(v_narrow(entry)));
    }
}

static void softmax_backward(const void *p, const void *grad_p, void *out, size_t n, double dot, bool odd)
{
    const struct row_sum sum = row_sum_of(dot);
    if (sum_fits(dot) && !odd)
        map_elements(p, grad_p, out, sizeof(stored), n, softmax_entries, &sum);
    else
        map_elements(p, grad_p, out, sizeof(stored), n, softmax_entries_in_double, &sum);
}

/* One vector, or vectors in pairs. */
static inline __attribute__((always_inline)) void load_vectors(const stored *p, size_t count, vector *x)
{
    for (size_t v = 0; v + 1 < count; v += 2) load_pair(p + v * WIDTH, &x[v]);
    if (count % 2 != 0) x[count - 1] = load(p + (count - 1) * WIDTH);
}

/* Fetches the lines of so many elements, a chunk ahead: of one that is read, and of the output. */
static inline __attribute__((always_inline)) void fetch_next(const stored *in, const stored *out, size_t elements)
{
    for (size_t i = 0; i < elements; i += LINE_ELEMENTS) {
        prefetch(in + i + XENT_CHUNK);
        prefetch(out + i + XENT_CHUNK);
    }
}

/* So many vectors, 1 or STAGED, in pairs if there are so many. */
static inline __attribute__((always_inline)) void log_softmax_vectors(size_t count, const stored *logp, const stored *upstream,
                                                                      stored *out, const struct row_sum *sum,
                                                                      struct negative minus, bool long_row)
{
    struct reach reach = no_reach();
    vector x[STAGED], g[STAGED], scale[STAGED], low[STAGED];
    load_vectors(logp, count, x);
    load_vectors(upstream, count, g);
    if (long_row) fetch_next(logp, out, count * WIDTH);
    if (!long_row) fetch_block(logp, upstream, count * WIDTH);
    EACH (v, count) reach = reach_of(reach, x[v]);
    exp_of_log_probs(count, x, scale, low);
    EACH (v, count) scale[v] = log_softmax_entry(scale[v], low[v], g[v], minus);
    if (__builtin_expect(is_far(reach), 0))
        EACH (v, count) scale[v] = put_far_entries(x[v], g[v], sum->part, scale[v]);
    EACH (v, count) scale[v] = v_canonical(scale[v]);
    for (size_t v = 0; v + 1 < count; v += 2) store_number_pair(out + v * WIDTH, &scale[v]);
    if (count % 2 != 0) store_number(out + (count - 1) * WIDTH, scale[count - 1]);
}

static void log_softmax_entries(const stored *logp, const stored *upstream, void *to, size_t n, const void *by)
{
    const struct row_sum *sum = by;
    const struct negative minus = over_terms(sum->minus);
    stored *out = to;
    size_t i = 0;
    for (; i + STAGED * WIDTH <= n; i += STAGED * WIDTH)
        log_softmax_vectors(STAGED, logp + i, upstream + i, out + i, sum, minus, goes_on(n));
    for (; STAGED > 1 && i < n; i += WIDTH) log_softmax_vectors(1, logp + i, upstream + i, out + i, sum, minus, false);
}

static __attribute__((cold, noinline)) void log_softmax_entries_in_double(const stored *logp, const stored *upstream, void *out,
                                                                          size_t n, const void *sum)
{
    for (size_t i = 0; i < n; i += WIDTH)
        store_number((stored *)out + i, v_canonical(log_softmax_entry_in_double(load(logp + i), load(upstream + i),
                                                                                ((const struct row_sum *)sum)->part)));
}

static void log_softmax_backward(const void *logp, const void *grad_logp, void *out, size_t n, double sum)
{
    const struct row_sum of_row = row_sum_of(sum);
    if (sum_fits(sum))
        map_elements(logp, grad_logp, out, sizeof(stored), n, log_softmax_entries, &of_row);
    else
        map_elements(logp, grad_logp, out, sizeof(stored), n, log_softmax_entries_in_double, &of_row);
}

#endif
