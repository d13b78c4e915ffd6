/* The softcap x -> c tanh(x / c) of vectors and its derivative, in f32. Assumes the arithmetic of f32 (real_f32.h).
 *
 * With e = e^(-2|u|) and u = x / c, tanh|u| is (1 - e) / (1 + e), and the derivative is 4e / (1 + e)^2, which keeps its digits
 * where 1 - tanh^2 loses them all. Numbers that are not finite stay as they are. */
#ifndef XENT_KERNELS_SOFTCAP_F32_H
#define XENT_KERNELS_SOFTCAP_F32_H

#include <math.h>

#include "exp.inc.h"

/* e^(-2|u|) */
static inline vector decay(vector u)
{
    vector scale, low;
    exp_one(reference(0), v_mul(v_abs(u), v_set(-2.0f)), &scale, &low);
    return v_mul(v_fma(scale, low, scale), v_set(0x1p-64f));
}

/* Where |x| is far below c, tanh u is u (1 + u^2 P(u^2)), so that the result is relative to x. */
static inline vector cap(vector x, real softcap)
{
    vector c = v_set(softcap), u = v_div(x, c), q = v_mul(u, u), p, e, near, far;
    p = v_fma(v_set(TANH_F32_C4), q, v_set(TANH_F32_C3));
    p = v_fma(p, q, v_set(TANH_F32_C2));
    p = v_fma(p, q, v_set(TANH_F32_C1));
    p = v_fma(p, q, v_set(TANH_F32_C0));
    near = v_fma(x, v_mul(q, p), x);
    e = decay(u);
    far = v_div(v_add(e, e), v_add(v_set(1.0f), e));
    far = v_with_sign(v_fma(v_set(-softcap), far, c), x);
    far = v_where_less(q, v_set(TANH_F32_REACH), near, far);
    return v_where_less(v_abs(x), v_set(INFINITY), far, x);
}

static inline vector cap_slope(vector x, real softcap)
{
    vector one = v_set(1.0f), e = decay(v_div(x, v_set(softcap))), s = v_add(one, e);
    e = v_div(v_mul(v_set(4.0f), e), v_mul(s, s));
    return v_where_less(v_abs(x), v_set(INFINITY), e, one);
}

#endif
