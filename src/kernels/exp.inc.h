/* Exponentials. Expects the vector primitives of a simd_*.h and add_two of lanes.inc.h; defines
 *   term_f32, term_f64   e^x of a vector as a power of two times an eighth's table entry, and what is missing to it
 *   relate_f32, relate_f64   e^(lower - upper) of two maxima
 *   scaled_f32, scaled_f64   a sum times that
 *   unit_f32, unit_f64   2^K over e^m for the reference power K of a chunk
 *
 * e^x = 2^n 2^(j/8) e^r with 8n + j = round(8 x log2 e) and r = x - (n + j/8) ln 2, |r| <= ln2/16 (Tang 1989, "Table-driven
 * implementation of the exponential function in IEEE floating-point arithmetic"). x is a logit, not its difference from the maximum,
 * whose rounding alone would cost |x| 2^-24. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "constants.h"

#define MOST_STAGED 4
_Static_assert(VF32_STAGED <= MOST_STAGED && VF64_STAGED <= MOST_STAGED, "arrays of vectors as long as a stage");
#define TERM_EXPONENT 64 /* terms are kept times 2^64: what counts for a loss is never subnormal */

/* What the terms of a chunk share, or, lane by lane, those of several rows. */
struct term_f32 {
    vf32 magic;  /* adding it leaves 8 (n - K + 64) in the low bits */
    vf32 lowest; /* the logit whose scale is exactly +0.0; all that is smaller counts as this */
};

static inline struct term_f32 terms_f32(vf32 reference)
{
    vf32 magic = vf32_add(vf32_sub(vf32_set(0x1.8p20f), reference), vf32_set(TERM_EXPONENT));
    vf32 least = vf32_sub(reference, vf32_set(127 + TERM_EXPONENT));
    return (struct term_f32){ magic, vf32_mul(least, vf32_set(EXP_F32_LN2_HI)) };
}

static inline struct term_f32 term_f32(float reference) { return terms_f32(vf32_set(reference)); }

/* e^x 2^64 / 2^K = scale + scale * rest, of up to MOST_STAGED vectors. Operation by operation: a processor's window holds few of
   the vectors otherwise, each a long chain. */
static inline __attribute__((always_inline)) void exps_f32(struct term_f32 shared, size_t count, const vf32 *logits,
                                                           vf32 *scale, vf32 *rest)
{
    vf32 x[MOST_STAGED], t[MOST_STAGED], n[MOST_STAGED], r[MOST_STAGED], g[MOST_STAGED];
    EACH (v, count) x[v] = vf32_max(shared.lowest, logits[v]);
    EACH (v, count) t[v] = vf32_fma(x[v], vf32_set(EXP_F32_LOG2E), shared.magic);
    EACH (v, count) n[v] = vf32_sub(t[v], shared.magic);
    EACH (v, count) r[v] = vf32_fma(n[v], vf32_set(-(EXP_F32_LN2_HI)), x[v]);
    EACH (v, count) r[v] = vf32_fma(n[v], vf32_set(-(EXP_F32_LN2_LO)), r[v]);
    EACH (v, count) g[v] = vf32_fma(vf32_set(EXP_F32_C3), r[v], vf32_set(EXP_F32_C2));
    EACH (v, count) g[v] = vf32_fma(g[v], r[v], vf32_set(1.0f));
    EACH (v, count) rest[v] = vf32_fma(g[v], r[v], vf32_exp_correction(t[v]));
    EACH (v, count) scale[v] = vf32_exp_scale(t[v]);
}

static inline void exp_f32(struct term_f32 shared, vf32 x, vf32 *scale, vf32 *rest) { exps_f32(shared, 1, &x, scale, rest); }

struct term_f64 {
    vf64 magic;
    vf64 lowest;
};

static inline struct term_f64 terms_f64(vf64 reference)
{
    vf64 magic = vf64_add(vf64_sub(vf64_set(0x1.8p49), reference), vf64_set(TERM_EXPONENT));
    vf64 least = vf64_sub(reference, vf64_set(1023 + TERM_EXPONENT));
    return (struct term_f64){ magic, vf64_mul(least, vf64_set(EXP_F64_LN2_HI)) };
}

static inline struct term_f64 term_f64(double reference) { return terms_f64(vf64_set(reference)); }

static inline __attribute__((always_inline)) void exps_f64(struct term_f64 shared, size_t count, const vf64 *logits,
                                                           vf64 *scale, vf64 *rest)
{
    vf64 x[MOST_STAGED], t[MOST_STAGED], n[MOST_STAGED], r[MOST_STAGED], g[MOST_STAGED];
    EACH (v, count) x[v] = vf64_max(shared.lowest, logits[v]);
    EACH (v, count) t[v] = vf64_fma(x[v], vf64_set(EXP_F64_LOG2E), shared.magic);
    EACH (v, count) n[v] = vf64_sub(t[v], shared.magic);
    EACH (v, count) r[v] = vf64_fma(n[v], vf64_set(-(EXP_F64_LN2_HI)), x[v]);
    EACH (v, count) r[v] = vf64_fma(n[v], vf64_set(-(EXP_F64_LN2_LO)), r[v]);
    EACH (v, count) g[v] = vf64_fma(vf64_set(EXP_F64_C7), r[v], vf64_set(EXP_F64_C6));
    EACH (v, count) g[v] = vf64_fma(g[v], r[v], vf64_set(EXP_F64_C5));
    EACH (v, count) g[v] = vf64_fma(g[v], r[v], vf64_set(EXP_F64_C4));
    EACH (v, count) g[v] = vf64_fma(g[v], r[v], vf64_set(EXP_F64_C3));
    EACH (v, count) g[v] = vf64_fma(g[v], r[v], vf64_set(EXP_F64_C2));
    EACH (v, count) g[v] = vf64_fma(g[v], r[v], vf64_set(1.0));
    EACH (v, count) rest[v] = vf64_fma(g[v], r[v], vf64_exp_correction(t[v]));
    EACH (v, count) scale[v] = vf64_exp_scale(t[v]);
}

static inline void exp_f64(struct term_f64 shared, vf64 x, vf64 *scale, vf64 *rest) { exps_f64(shared, 1, &x, scale, rest); }

/* e^a, |a| <= 0.36, relative error 2^-45, without fused multiply-add: plain C vectorises and an old CPU is not slowed */
static inline double exp_small(double a)
{
    double p = EXP_SMALL_C9;
    p = p * a + EXP_SMALL_C8;
    p = p * a + EXP_SMALL_C7;
    p = p * a + EXP_SMALL_C6;
    p = p * a + EXP_SMALL_C5;
    p = p * a + EXP_SMALL_C4;
    p = p * a + EXP_SMALL_C3;
    p = p * a + EXP_SMALL_C2;
    return 1 + (a + a * a * p);
}

/* 2^k, -1022 <= k <= 1023 */
static inline double power_of_two(double k)
{
    uint64_t u = (uint64_t)((int64_t)k + 1023) << 52;
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* K HI - m is exact: K has 17 bits, HI 24. */
static inline double unit_f32(double reference, double max)
{
    return exp_small((reference * (double)EXP_F32_LN2_HI - max) + reference * EXP_F32_LN2_REST);
}

static double relate_f32(double lower, double upper)
{
    double d = lower - upper, k;
    if (d == 0) return 1;
    if (d < -700) return 0;
    k = rint(d * EXP_F64_LOG2E);
    return exp_small((d - k * (double)EXP_F32_LN2_HI) - k * EXP_F32_LN2_REST) * power_of_two(k);
}

static double scaled_f32(double sum, double lower, double upper) { return sum * relate_f32(lower, upper); }

/* e^x 2^64 by the kernel's own term, to about an ulp down to x = -1086 ln 2 */
static inline double exp_one_f64(double x)
{
    vf64 scale, rest;
    exp_f64(term_f64(0), vf64_set(x), &scale, &rest);
    return vf64_first(vf64_fma(scale, rest, scale));
}

static inline double unit_f64(double reference, double max)
{
    vf64 k = vf64_set(reference), a = vf64_fma(k, vf64_set(EXP_F64_LN2_HI), vf64_set(-max));
    return exp_one_f64(vf64_first(vf64_fma(k, vf64_set(EXP_F64_LN2_LO), a))) * 0x1p-64;
}

/* The rounding of lower - upper, which alone would cost |d| 2^-53, is put back to first order. Many equal classes can be worth more
   than a subnormal where one is not: nothing but the result is rounded to one. */
static double scaled_f64(double sum, double lower, double upper)
{
    double d = lower, error = 0;
    vf64 e;
    add_two(&d, &error, -upper);
    if (d < -754) return sum * 0; /* NaN stays */
    e = vf64_set(exp_one_f64(d));
    return sum * vf64_first(vf64_fma(e, vf64_set(error), e)) * 0x1p-64;
}

static double relate_f64(double lower, double upper) { return lower == upper ? 1 : scaled_f64(1, lower, upper); }
