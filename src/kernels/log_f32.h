/* The logarithm of vectors in f32. Assumes the arithmetic of f32 (real_f32.h), and no fused multiply-add: a CPU that lacks it is not
 * slowed.
 *
 * x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt 2, and ln(1 + f) = f + q with q = f^2 (f P(f) - 1/2), at most a fifth of it. k ln 2 + f is
 * a sum whose rounding is put back. */
#ifndef XENT_KERNELS_LOG_F32_H
#define XENT_KERNELS_LOG_F32_H

#include <float.h>

#include "real.h"

/* a + b * c, both rounded. */
static inline vector plus_product(vector a, vector b, vector c) { return v_add(a, v_mul(b, c)); }

/* A subnormal number times 2^UP is normal. */
#define LEAST_NORMAL FLT_MIN
#define MOST_FINITE FLT_MAX
#define UP 24
#define TWO_TO_UP 0x1p24f

static inline vector log_exponent(vector x) { return vf32_log_exponent(x); }

/* ln x of normal numbers above 0 with these exponents; of up to LOGS_STAGED vectors. */
static inline __attribute__((always_inline)) void ln_of_normals(size_t count, const vector *x, const vector *k, vector *y)
{
    vector f[LOGS_STAGED], h[LOGS_STAGED], p[LOGS_STAGED], q[LOGS_STAGED], s[LOGS_STAGED];
    EACH (v, count) f[v] = vf32_log_fraction(x[v]);
    EACH (v, count) h[v] = v_mul(f[v], f[v]);
    EACH (v, count) p[v] = plus_product(v_set(LOG_F32_C6), f[v], v_set(LOG_F32_C7));
    EACH (v, count) q[v] = plus_product(v_set(LOG_F32_C4), f[v], v_set(LOG_F32_C5));
    EACH (v, count) p[v] = plus_product(q[v], h[v], p[v]);
    EACH (v, count) q[v] = plus_product(v_set(LOG_F32_C2), f[v], v_set(LOG_F32_C3));
    EACH (v, count) p[v] = plus_product(q[v], h[v], p[v]);
    EACH (v, count) q[v] = plus_product(v_set(LOG_F32_C0), f[v], v_set(LOG_F32_C1));
    EACH (v, count) p[v] = plus_product(q[v], h[v], p[v]);
    EACH (v, count) q[v] = v_mul(h[v], plus_product(v_set(-0.5f), f[v], p[v]));
    EACH (v, count) p[v] = v_mul(k[v], v_set(LOG_F32_LN2_HI));
    EACH (v, count) s[v] = v_add(p[v], f[v]);
    EACH (v, count) f[v] = v_sub(f[v], v_sub(s[v], p[v]));
    EACH (v, count) q[v] = plus_product(q[v], k[v], v_set(LOG_F32_LN2_LO));
    EACH (v, count) y[v] = v_add(s[v], v_add(f[v], q[v]));
}

#endif
