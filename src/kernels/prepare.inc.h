/* What comes before the first pass: logit_scale and softcap; and the softcap's derivative, for the second. Assumes the elements
 * of a variant (element.h). */
#ifndef XENT_KERNELS_PREPARE_INC_H
#define XENT_KERNELS_PREPARE_INC_H

#include <stdint.h>

#include "map.inc.h"
#include "softcap.h"

struct preparation {
    real scale, softcap;
};

/* Fetches what the next chunk needs, as the first pass does where it reads the logits itself; not where they are prepared in place. */
static inline __attribute__((always_inline)) void fetch_next_chunk(const stored *z, const real *out, size_t i)
{
    enum { LINE = XENT_LINE / sizeof(stored) };
    const uintptr_t next = (uintptr_t)(z + i) + XENT_CHUNK * sizeof(stored); /* no pointer of z's array, which may end before */
    if ((const void *)z != (const void *)out && i % LINE == 0) prefetch((const void *)next);
}

static void whole_scaled(const stored *z, const stored *beside, void *to, size_t n, const void *by)
{
    const struct preparation *with = by;
    const vector scale = v_set(with->scale);
    real *out = to;
    (void)beside;
    for (size_t i = 0; i < n; i += WIDTH) {
        fetch_next_chunk(z, out, i);
        v_store(out + i, v_mul(load(z + i), scale));
    }
}

/* What becomes of up to STAGED vectors of scaled logits, in their place. */
typedef void capped(size_t count, vector *x, real softcap);

static inline __attribute__((always_inline)) void store_capped(const stored *z, size_t count, const struct preparation *with,
                                                               capped *map, real *out)
{
    vector x[STAGED];
    EACH (v, count) x[v] = v_mul(load(z + v * WIDTH), v_set(with->scale));
    map(count, x, with->softcap);
    EACH (v, count) v_store(out + v * WIDTH, x[v]);
}

static inline __attribute__((always_inline)) void map_capped(const stored *z, real *out, size_t n,
                                                             const struct preparation *with, capped *map)
{
    size_t i = 0;
    for (; i + STAGED * WIDTH <= n; i += STAGED * WIDTH) {
        for (size_t v = 0; v < STAGED; v++) fetch_next_chunk(z, out, i + v * WIDTH);
        store_capped(z + i, STAGED, with, map, out + i);
    }
    for (; i < n; i += WIDTH) store_capped(z + i, 1, with, map, out + i);
}

static void whole_caps(const stored *z, const stored *beside, void *out, size_t n, const void *by)
{
    (void)beside;
    map_capped(z, out, n, by, cap);
}

static void whole_slopes(const stored *z, const stored *beside, void *out, size_t n, const void *by)
{
    (void)beside;
    map_capped(z, out, n, by, cap_slope);
}

static void prepare(const void *z, void *out, size_t n, double scale, double softcap)
{
    const struct preparation with = { (real)scale, (real)softcap };
    if (softcap == 0)
        map_elements(z, z, out, sizeof(real), n, whole_scaled, &with);
    else
        map_elements(z, z, out, sizeof(real), n, whole_caps, &with);
}

static void slopes(const void *z, void *out, size_t n, double scale, double softcap)
{
    const struct preparation with = { (real)scale, (real)softcap };
    map_elements(z, z, out, sizeof(real), n, whole_slopes, &with);
}

#endif
