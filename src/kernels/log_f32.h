/* The logarithm of vectors in f32. Assumes the arithmetic of f32 (real_f32.h), and no fused multiply-add: a CPU that lacks it is not
 * slowed.
 *
 * x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt 2, and ln(1 + f) = f + q with q = f^2 (f P(f) - 1/2), at most a fifth of it. k ln 2 + f is
 * a sum whose rounding is put back. */
#ifndef XENT_KERNELS_LOG_F32_H
#define XENT_KERNELS_LOG_F32_H

#include "real.h"

/* a + b * c, both rounded. */
static inline vector plus_product(vector a, vector b, vector c) { return v_add(a, v_mul(b, c)); }

/* ln x of numbers above 0; of up to LOGS_STAGED vectors. */
static inline __attribute__((always_inline)) void ln_of_numbers(size_t count, const vector *x, vector *y)
{
    const vector least_normal = v_set(0x1p-126f), zero = v_set(0.0f);
    vector k[LOGS_STAGED], f[LOGS_STAGED], h[LOGS_STAGED], p[LOGS_STAGED], q[LOGS_STAGED], s[LOGS_STAGED];
    EACH (v, count) p[v] = v_where_less(x[v], least_normal, v_mul(x[v], v_set(0x1p24f)), x[v]);
    EACH (v, count) k[v] = v_sub(vf32_log_exponent(p[v]), v_where_less(x[v], least_normal, v_set(24.0f), zero));
    EACH (v, count) f[v] = vf32_log_fraction(p[v]);
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
