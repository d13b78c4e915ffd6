/* The softcap of vectors and its derivative, in f64: the formulas of softcap_f32.h. Assumes the arithmetic of f64
 * (real_f64.h). */
#ifndef XENT_KERNELS_SOFTCAP_F64_H
#define XENT_KERNELS_SOFTCAP_F64_H

#include <math.h>

#include "exp.inc.h"

/* e^(-2|u|), and less_one = e^(-2|u|) - 1 with digits of its own. */
static inline __attribute__((always_inline)) void decay(size_t count, const vector *u, vector *e, vector *less_one)
{
    vector x[STAGED], scale[STAGED], low[STAGED];
    EACH (v, count) x[v] = v_mul(v_abs(u[v]), v_set(-2.0));
    exp_staged(reference(0), count, x, scale, low);
    EACH (v, count) scale[v] = v_mul(scale[v], v_set(0x1p-64));
    EACH (v, count) less_one[v] = v_fma(scale[v], low[v], v_sub(scale[v], v_set(1.0)));
    EACH (v, count) e[v] = v_fma(scale[v], low[v], scale[v]);
}

static inline __attribute__((always_inline)) void cap(size_t count, vector *x, real softcap)
{
    const vector c = v_set(softcap);
    vector u[STAGED], e[STAGED], less_one[STAGED];
    EACH (v, count) u[v] = v_div(x[v], c);
    decay(count, u, e, less_one);
    EACH (v, count) e[v] = v_div(v_sub(v_set(0.0), less_one[v]), v_add(v_set(2.0), less_one[v]));
    EACH (v, count) e[v] = v_with_sign(v_mul(c, e[v]), x[v]);
    EACH (v, count) e[v] = v_where_less(v_abs(u[v]), v_set(0x1p-27), x[v], e[v]);
    EACH (v, count) x[v] = v_where_less(v_abs(x[v]), v_set((double)INFINITY), e[v], x[v]);
}

static inline __attribute__((always_inline)) void cap_slope(size_t count, vector *x, real softcap)
{
    vector u[STAGED], e[STAGED], less_one[STAGED];
    EACH (v, count) u[v] = v_div(x[v], v_set(softcap));
    decay(count, u, e, less_one);
    EACH (v, count) {
        vector s = v_add(v_set(2.0), less_one[v]);
        e[v] = v_div(v_mul(v_set(4.0), e[v]), v_mul(s, s));
    }
    EACH (v, count) x[v] = v_where_less(v_abs(x[v]), v_set((double)INFINITY), e[v], v_set(1.0));
}

#endif
