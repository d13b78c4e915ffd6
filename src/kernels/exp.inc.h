/* The exponential of vectors of logits. Assumes the arithmetic of a variant (real.h).
 *
 * e^x = 2^n 2^(j/8) e^r with 8n + j = round(8 x log2 e) and r = x - (n + j/8) ln 2, |r| <= ln2/16 (Tang 1989, "Table-driven
 * implementation of the exponential function in IEEE floating-point arithmetic"). x is a logit itself, not its difference from
 * the maximum, whose rounding alone would cost |x| 2^-24. A chunk therefore has a reference K, an integer next to m log2 e, and
 * a term is e^x 2^64 / 2^K. */
#ifndef XENT_KERNELS_EXP_INC_H
#define XENT_KERNELS_EXP_INC_H

#include "real.h"

enum { EXP_COEFFICIENTS = sizeof exp_coefficients / sizeof(real) };

enum { TERM_EXPONENT = 64 }; /* terms are kept times 2^64: what counts for a loss is never subnormal */

/* What the terms of a chunk have in common, or, lane by lane, those of several rows. */
struct reference {
    vector magic;  /* adding it leaves 8 (n - K + 64) + j in the low bits */
    vector lowest; /* the logit whose scale is exactly +0.0; a smaller one counts as this */
};

static inline struct reference references(vector exponent)
{
    vector magic = v_add(v_sub(v_set(EXP_SHIFT), exponent), v_set(TERM_EXPONENT));
    vector least = v_sub(exponent, v_set(TERM_BIAS + TERM_EXPONENT));
    return (struct reference){ magic, v_mul(least, v_set(LN2_HI)) };
}

static inline struct reference reference(real exponent) { return references(v_set(exponent)); }

/* Makes e^x 2^64 / 2^K = scale + scale * low of up to STAGED vectors of logits. They go side by side, operation by operation:
   each is a long chain, and a processor's window holds few of the chains where they stand one behind the other. They
   take that many references in turn. */
static inline __attribute__((always_inline)) void exp_staged_by(const struct reference *shared, size_t several, size_t count,
                                                                const vector *logits, vector *scale, vector *low)
{
    vector x[STAGED], t[STAGED], n[STAGED], r[STAGED], g[STAGED];
    EACH (v, count) x[v] = v_max(shared[v % several].lowest, logits[v]);
    EACH (v, count) t[v] = v_fma(x[v], v_set(LOG2E), shared[v % several].magic);
    EACH (v, count) n[v] = v_sub(t[v], shared[v % several].magic);
    EACH (v, count) r[v] = v_fma(n[v], v_set(-(LN2_HI)), x[v]);
    EACH (v, count) r[v] = v_fma(n[v], v_set(-(LN2_LO)), r[v]);
    EACH (v, count) g[v] = v_set(exp_coefficients[0]);
    EACH (k, EXP_COEFFICIENTS - 1)
        EACH (v, count) g[v] = v_fma(g[v], r[v], v_set(exp_coefficients[k + 1]));
    EACH (v, count) g[v] = v_fma(g[v], r[v], v_set((real)1));
    EACH (v, count) low[v] = v_fma(g[v], r[v], v_exp_correction(t[v]));
    EACH (v, count) scale[v] = v_exp_scale(t[v]);
}

static inline __attribute__((always_inline)) void exp_staged(struct reference shared, size_t count, const vector *logits,
                                                             vector *scale, vector *low)
{
    exp_staged_by(&shared, 1, count, logits, scale, low);
}

static inline void exp_one(struct reference shared, vector x, vector *scale, vector *low)
{
    exp_staged(shared, 1, &x, scale, low);
}

#endif
