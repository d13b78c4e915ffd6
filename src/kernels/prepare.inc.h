/* What comes before the first pass: logit_scale, softcap, and the softcap's derivative for the second. A template, included once per
 * stored type. Expects groups.inc.h and softcap.inc.h; defines S(prepare), S(slopes). */

static inline VEC S(keep)(VEC x, REAL softcap)
{
    (void)softcap;
    return x;
}

/* out = map(scale z), reals */
static inline __attribute__((always_inline)) void S(map_scaled)(const STORED *z, REAL *out, size_t n, REAL scale, REAL softcap,
                                                                VEC (*map)(VEC x, REAL softcap))
{
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        REAL group[XENT_LANES];
        S(read)(z + i, count, group);
        for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH)
            V(store)(group + lane, map(V(mul)(V(load)(group + lane), V(set)(scale)), softcap));
        memcpy(out + i, group, count * sizeof(REAL));
    }
}

static void S(prepare)(const void *z, void *out, size_t n, double scale, double softcap)
{
    if (softcap == 0)
        S(map_scaled)(z, out, n, (REAL)scale, 0, S(keep));
    else
        S(map_scaled)(z, out, n, (REAL)scale, (REAL)softcap, F(cap));
}

static void S(slopes)(const void *z, void *out, size_t n, double scale, double softcap)
{
    S(map_scaled)(z, out, n, (REAL)scale, (REAL)softcap, F(cap_slope));
}
