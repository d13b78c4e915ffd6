/* What comes before the first pass: logit_scale, softcap, and the softcap's derivative for the second. A template, included once per
 * stored type. Expects groups.inc.h and softcap.inc.h; defines S(prepare), S(slopes). */

static void S(prepare)(const void *z, void *out, size_t n, double scale, double softcap)
{
    const STORED *from = z;
    REAL *to = out;
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        REAL group[XENT_LANES];
        S(read)(from + i, count, group);
        for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) {
            VEC x = V(mul)(V(load)(group + lane), V(set)((REAL)scale));
            V(store)(group + lane, softcap == 0 ? x : F(cap)(x, (REAL)softcap));
        }
        memcpy(to + i, group, count * sizeof(REAL));
    }
}

static void S(slopes)(const void *z, void *out, size_t n, double scale, double softcap)
{
    const STORED *from = z;
    REAL *to = out;
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        REAL group[XENT_LANES];
        S(read)(from + i, count, group);
        for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) {
            VEC x = V(mul)(V(load)(group + lane), V(set)((REAL)scale));
            V(store)(group + lane, F(cap_slope)(x, (REAL)softcap));
        }
        memcpy(to + i, group, count * sizeof(REAL));
    }
}
