/* The softcap of vectors and its derivative, in f64: the formulas of softcap_f32.h. Assumes the arithmetic of f64
 * (real_f64.h). */
#ifndef XENT_KERNELS_SOFTCAP_F64_H
#define XENT_KERNELS_SOFTCAP_F64_H

#include <math.h>

#include "exp.inc.h"

/* e^(-2|u|), and *less_one = e^(-2|u|) - 1 with digits of its own. */
static inline vector decay(vector u, vector *less_one)
{
    vector scale, low;
    exp_one(reference(0), v_mul(v_abs(u), v_set(-2.0)), &scale, &low);
    scale = v_mul(scale, v_set(0x1p-64));
    *less_one = v_fma(scale, low, v_sub(scale, v_set(1.0)));
    return v_fma(scale, low, scale);
}

static inline vector cap(vector x, real softcap)
{
    vector c = v_set(softcap), u = v_div(x, c), less_one, far;
    (void)decay(u, &less_one);
    far = v_div(v_sub(v_set(0.0), less_one), v_add(v_set(2.0), less_one));
    far = v_with_sign(v_mul(c, far), x);
    far = v_where_less(v_abs(u), v_set(0x1p-27), x, far);
    return v_where_less(v_abs(x), v_set((double)INFINITY), far, x);
}

static inline vector cap_slope(vector x, real softcap)
{
    vector less_one, e = decay(v_div(x, v_set(softcap)), &less_one), s = v_add(v_set(2.0), less_one);
    e = v_div(v_mul(v_set(4.0), e), v_mul(s, s));
    return v_where_less(v_abs(x), v_set((double)INFINITY), e, v_set(1.0));
}

#endif
