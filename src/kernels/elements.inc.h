/* What is computed element by element: logarithms, log-probabilities and storing. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_ELEMENTS_INC_H
#define XENT_KERNELS_ELEMENTS_INC_H

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

#endif
