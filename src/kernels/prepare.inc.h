/* What comes before the first pass: logit_scale and softcap; and the softcap's derivative, for the second. Assumes the elements
 * of a variant (element.h). */
#ifndef XENT_KERNELS_PREPARE_INC_H
#define XENT_KERNELS_PREPARE_INC_H

#include "groups.inc.h"
#include "softcap.h"

static inline vector keep(vector x, real softcap)
{
    (void)softcap;
    return x;
}

/* out = map(scale z), reals. */
static inline __attribute__((always_inline)) void map_scaled(const stored *z, real *out, size_t n, real scale, real softcap,
                                                             vector (*map)(vector x, real softcap))
{
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        real group[XENT_LANES];
        read_group(z + i, count, group);
        for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH)
            v_store(group + lane, map(v_mul(v_load(group + lane), v_set(scale)), softcap));
        memcpy(out + i, group, count * sizeof(real));
    }
}

static void prepare(const void *z, void *out, size_t n, double scale, double softcap)
{
    if (softcap == 0)
        map_scaled(z, out, n, (real)scale, 0, keep);
    else
        map_scaled(z, out, n, (real)scale, (real)softcap, cap);
}

static void slopes(const void *z, void *out, size_t n, double scale, double softcap)
{
    map_scaled(z, out, n, (real)scale, (real)softcap, cap_slope);
}

#endif
