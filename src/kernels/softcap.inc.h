/* The softcap x -> c tanh(x / c) of vectors and its derivative. Expects exp.inc.h; defines cap_f32, cap_f64, cap_slope_f32,
 * cap_slope_f64.
 *
 * With e = e^(-2|u|), u = x / c: tanh|u| = (1 - e) / (1 + e), and its derivative is 4e / (1 + e)^2, which keeps its digits where
 * 1 - tanh^2 loses them all. Numbers that are not finite stay as they are. */

static inline vf32 decay_f32(vf32 u)
{
    vf32 scale, rest;
    exp_f32(term_f32(0), vf32_mul(vf32_abs(u), vf32_set(-2.0f)), &scale, &rest);
    return vf32_mul(vf32_fma(scale, rest, scale), vf32_set(0x1p-64f));
}

/* |x| far below c: u (1 + u^2 P(u^2)) for tanh u, so that the result is relative to x. */
static inline vf32 cap_f32(vf32 x, float softcap)
{
    vf32 c = vf32_set(softcap), u = vf32_div(x, c), q = vf32_mul(u, u), p, e, near, far;
    p = vf32_fma(vf32_set(TANH_F32_C4), q, vf32_set(TANH_F32_C3));
    p = vf32_fma(p, q, vf32_set(TANH_F32_C2));
    p = vf32_fma(p, q, vf32_set(TANH_F32_C1));
    p = vf32_fma(p, q, vf32_set(TANH_F32_C0));
    near = vf32_fma(x, vf32_mul(q, p), x);
    e = decay_f32(u);
    far = vf32_div(vf32_add(e, e), vf32_add(vf32_set(1.0f), e));
    far = vf32_with_sign(vf32_fma(vf32_set(-softcap), far, c), x);
    far = vf32_where_less(q, vf32_set(TANH_F32_REACH), near, far);
    return vf32_where_less(vf32_abs(x), vf32_set(INFINITY), far, x);
}

static inline vf32 cap_slope_f32(vf32 x, float softcap)
{
    vf32 one = vf32_set(1.0f), e = decay_f32(vf32_div(x, vf32_set(softcap))), s = vf32_add(one, e);
    e = vf32_div(vf32_mul(vf32_set(4.0f), e), vf32_mul(s, s));
    return vf32_where_less(vf32_abs(x), vf32_set(INFINITY), e, one);
}

/* e^(-2|u|), and *less_one = e^(-2|u|) - 1 with its own digits. */
static inline vf64 decay_f64(vf64 u, vf64 *less_one)
{
    vf64 scale, rest;
    exp_f64(term_f64(0), vf64_mul(vf64_abs(u), vf64_set(-2.0)), &scale, &rest);
    scale = vf64_mul(scale, vf64_set(0x1p-64));
    *less_one = vf64_fma(scale, rest, vf64_sub(scale, vf64_set(1.0)));
    return vf64_fma(scale, rest, scale);
}

static inline vf64 cap_f64(vf64 x, double softcap)
{
    vf64 c = vf64_set(softcap), u = vf64_div(x, c), less_one, far;
    (void)decay_f64(u, &less_one);
    far = vf64_div(vf64_sub(vf64_set(0.0), less_one), vf64_add(vf64_set(2.0), less_one));
    far = vf64_with_sign(vf64_mul(c, far), x);
    far = vf64_where_less(vf64_abs(u), vf64_set(0x1p-27), x, far);
    return vf64_where_less(vf64_abs(x), vf64_set((double)INFINITY), far, x);
}

static inline vf64 cap_slope_f64(vf64 x, double softcap)
{
    vf64 less_one, e = decay_f64(vf64_div(x, vf64_set(softcap)), &less_one), s = vf64_add(vf64_set(2.0), less_one);
    e = vf64_div(vf64_mul(vf64_set(4.0), e), vf64_mul(s, s));
    return vf64_where_less(vf64_abs(x), vf64_set((double)INFINITY), e, vf64_set(1.0));
}
