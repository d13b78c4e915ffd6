/* What is computed element by element: logarithms, log-probabilities and storing. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_ELEMENTS_INC_H
#define XENT_KERNELS_ELEMENTS_INC_H

#include "log.h"
#include "log_prob.inc.h"
#include "map.inc.h"

/* Reals, or what log_prob makes of them. */
static inline vector real_at(const real *x, const struct log_prob_by *by) { return by == NULL ? v_load(x) : log_prob(x, by); }

static inline __attribute__((always_inline)) void store_reals(const real *from, stored *to, size_t n,
                                                              const struct log_prob_by *by)
{
    stored few[WIDTH];
    size_t left = n % WIDTH, whole = n - left;
    real last[WIDTH] = { 0 };
    for (size_t i = 0; i < whole; i += WIDTH) store(to + i, real_at(from + i, by));
    if (left == 0) return;
    memcpy(last, from + whole, left * sizeof(real));
    store(few, real_at(last, by));
    memcpy(to + whole, few, left * sizeof(stored));
}

static void store_elements(const void *reals, void *out, size_t n) { store_reals(reals, out, n, NULL); }

static inline __attribute__((always_inline)) void store_logs(const stored *x, size_t count, stored *out)
{
    vector reals[LOGS_STAGED], logs[LOGS_STAGED];
    EACH (v, count) reals[v] = load(x + v * WIDTH);
    ln_of_any(count, reals, logs);
    EACH (v, count) store(out + v * WIDTH, logs[v]);
}

static void whole_logs(const stored *x, const stored *beside, void *to, size_t n, const void *by)
{
    stored *out = to;
    size_t i = 0;
    (void)beside, (void)by;
    for (; i + LOGS_STAGED * WIDTH <= n; i += LOGS_STAGED * WIDTH) store_logs(x + i, LOGS_STAGED, out + i);
    for (; i < n; i += WIDTH) store_logs(x + i, 1, out + i);
}

static void log_elements(const void *x, void *out, size_t n) { map_elements(x, x, out, sizeof(stored), n, whole_logs, NULL); }

static inline struct log_prob_by log_prob_by_row(double max, double log1p_rest)
{
    vf64 of_max[PARTS], of_rest[PARTS];
    EACH (k, PARTS) of_max[k] = vf64_set(max);
    EACH (k, PARTS) of_rest[k] = vf64_set(log1p_rest);
    return log_prob_by(of_max, of_rest);
}

/* None is NaN, since a row that has no finite state does not come here. */
static void whole_log_probs(const stored *z, const stored *beside, void *to, size_t n, const void *of_row)
{
    const struct log_prob_by by = log_prob_by_row(((const double *)of_row)[0], ((const double *)of_row)[1]);
    stored *out = to;
    size_t i = 0;
    (void)beside;
    for (; !STORED_REALS && i + 2 * WIDTH <= n; i += 2 * WIDTH) {
        vector pair[2];
        load_pair(z + i, pair);
        EACH (v, 2) pair[v] = log_prob_in_reals(pair[v], &by);
        store_number_pair(out + i, pair);
    }
    for (; i < n; i += WIDTH)
        store_number(out + i, STORED_REALS ? log_prob((const void *)(z + i), &by) : log_prob_in_reals(load(z + i), &by));
}

static void log_probs(const void *z, void *out, size_t n, double max, double log1p_rest)
{
    const double of_row[] = { max, log1p_rest };
    map_elements(z, z, out, sizeof(stored), n, whole_log_probs, of_row);
}

static void log_probs_of_reals(const void *reals, void *out, size_t n, double max, double log1p_rest)
{
    const struct log_prob_by by = log_prob_by_row(max, log1p_rest);
    if (STORED_REALS)
        log_probs(reals, out, n, max, log1p_rest);
    else
        store_reals(reals, out, n, &by);
}

#endif
