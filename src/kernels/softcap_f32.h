/* The softcap x -> c tanh(x / c) of vectors and its derivative, in f32. Assumes the arithmetic of f32 (real_f32.h).
 *
 * With e = e^(-2|u|) and u = x / c, tanh|u| is (1 - e) / (1 + e), and the derivative is 4e / (1 + e)^2, which keeps its digits
 * where 1 - tanh^2 loses them all. Near 0 that loses none. Numbers that are not finite stay as they are. Up to STAGED vectors go side by side. */
#ifndef XENT_KERNELS_SOFTCAP_F32_H
#define XENT_KERNELS_SOFTCAP_F32_H

#include <math.h>

#include "exp.inc.h"

/* e = e^(-2|u|) 2^64 */
static inline __attribute__((always_inline)) void decay(size_t count, const vector *u, vector *e)
{
    vector low[STAGED];
    EACH (v, count) e[v] = v_mul(v_abs(u[v]), v_set(-2.0f));
    exp_staged(reference(0), count, e, e, low);
    EACH (v, count) e[v] = v_fma(e[v], low[v], e[v]);
}

/* Where |x| is far below c, tanh u is u (1 + u^2 P(u^2)), so that the result is relative to x, which is u or c u. square: u^2 */
static inline __attribute__((always_inline)) void cap_near(size_t count, const vector *x, const vector *square, vector *near)
{
    vector p[STAGED];
    EACH (v, count) p[v] = v_fma(v_set(TANH_F32_C4), square[v], v_set(TANH_F32_C3));
    EACH (v, count) p[v] = v_fma(p[v], square[v], v_set(TANH_F32_C2));
    EACH (v, count) p[v] = v_fma(p[v], square[v], v_set(TANH_F32_C1));
    EACH (v, count) p[v] = v_fma(p[v], square[v], v_set(TANH_F32_C0));
    EACH (v, count) near[v] = v_fma(x[v], v_mul(square[v], p[v]), x[v]);
}

/* u and u^2; answers whether all lanes are near. */
static inline __attribute__((always_inline)) bool quotients(size_t count, const vector *x, real softcap, vector *u,
                                                            vector *square)
{
    const unsigned all = (unsigned)((1ull << WIDTH) - 1);
    unsigned are_near = all;
    EACH (v, count) u[v] = v_div(x[v], v_set(softcap));
    EACH (v, count) square[v] = v_mul(u[v], u[v]);
    EACH (v, count) are_near &= v_less(square[v], v_set(TANH_F32_REACH));
    return are_near == all;
}

/* Elsewhere. */
static inline __attribute__((always_inline)) void cap_far(size_t count, const vector *x, const vector *u, real softcap,
                                                          vector *far)
{
    const vector c = v_set(softcap), one = v_set(0x1p64f); /* as e has it */
    decay(count, u, far);
    EACH (v, count) far[v] = v_div(v_add(far[v], far[v]), v_add(one, far[v]));
    EACH (v, count) far[v] = v_with_sign(v_fma(v_set(-softcap), far[v], c), x[v]);
    EACH (v, count) far[v] = v_where_less(v_abs(x[v]), v_set(INFINITY), far[v], x[v]);
}

static inline __attribute__((always_inline)) void cap(size_t count, vector *x, real softcap)
{
    vector u[STAGED], square[STAGED], near[STAGED], far[STAGED];
    bool all_near = quotients(count, x, softcap, u, square);
    cap_near(count, x, square, near);
    if (!all_near) {
        cap_far(count, x, u, softcap, far);
        EACH (v, count) near[v] = v_where_less(square[v], v_set(TANH_F32_REACH), near[v], far[v]);
    }
    EACH (v, count) x[v] = near[v];
}

static inline __attribute__((always_inline)) void slope_far(size_t count, const vector *x, const vector *u, vector *far)
{
    const vector one = v_set(1.0f);
    vector s[STAGED];
    decay(count, u, far);
    EACH (v, count) far[v] = v_mul(far[v], v_set(0x1p-64f));
    EACH (v, count) s[v] = v_add(one, far[v]);
    EACH (v, count) far[v] = v_div(v_mul(v_set(4.0f), far[v]), v_mul(s[v], s[v]));
    EACH (v, count) far[v] = v_where_less(v_abs(x[v]), v_set(INFINITY), far[v], one);
}

static inline __attribute__((always_inline)) void cap_slope(size_t count, vector *x, real softcap)
{
    vector u[STAGED], square[STAGED], near[STAGED], far[STAGED];
    bool all_near = quotients(count, x, softcap, u, square);
    cap_near(count, u, square, near);
    EACH (v, count) near[v] = v_fma(v_sub(v_set(0.0f), near[v]), near[v], v_set(1.0f));
    if (!all_near) {
        slope_far(count, x, u, far);
        EACH (v, count) near[v] = v_where_less(square[v], v_set(TANH_F32_REACH), near[v], far[v]);
    }
    EACH (v, count) x[v] = near[v];
}

#endif
