/* What is computed element by element: logarithms, log-probabilities and storing. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_ELEMENTS_INC_H
#define XENT_KERNELS_ELEMENTS_INC_H

#include "log.h"
#include "log_prob.inc.h"
#include "map.inc.h"

static void store_elements(const void *reals, void *out, size_t n)
{
    const real *from = reals;
    stored *to = out, few[WIDTH];
    size_t left = n % WIDTH, whole = n - left;
    real last[WIDTH] = { 0 };
    for (size_t i = 0; i < whole; i += WIDTH) store(to + i, v_load(from + i));
    if (left == 0) return;
    memcpy(last, from + whole, left * sizeof(real));
    store(few, v_load(last));
    memcpy(to + whole, few, left * sizeof(stored));
}

static inline __attribute__((always_inline)) void store_logs(const stored *x, size_t count, stored *out)
{
    vector reals[LOGS_STAGED], logs[LOGS_STAGED];
    EACH (v, count) reals[v] = load(x + v * WIDTH);
    ln_of_numbers(count, reals, logs);
    EACH (v, count) store(out + v * WIDTH, ln_of_any(reals[v], logs[v]));
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

/* None is NaN, since a row that has no finite state does not come here. */
static void whole_log_probs(const stored *z, const stored *beside, void *to, size_t n, const void *by)
{
    stored *out = to;
    const vf64 max = vf64_set(((const double *)by)[0]), log1p_rest = vf64_set(((const double *)by)[1]);
    (void)beside;
    for (size_t i = 0; i < n; i += WIDTH) {
        vf64 part[PARTS];
        load_parts(z + i, part);
        EACH (k, PARTS) part[k] = log_prob_of(part[k], max, log1p_rest);
        store_number(out + i, v_narrow(part));
    }
}

static void log_probs(const void *z, void *out, size_t n, double max, double log1p_rest)
{
    const double by[] = { max, log1p_rest };
    map_elements(z, z, out, sizeof(stored), n, whole_log_probs, by);
}

#endif
