/* What is computed element by element: logarithms, log-probabilities and storing. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_ELEMENTS_INC_H
#define XENT_KERNELS_ELEMENTS_INC_H

#include "groups.inc.h"
#include "log.inc.h"
#include "log_prob.inc.h"
#include "map.inc.h"

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
