/* The second pass over a chunk: gradient entries, or probabilities, from the terms, written as they are stored. Assumes the
 * elements of a variant (element.h). */
#ifndef XENT_KERNELS_ENTRIES_INC_H
#define XENT_KERNELS_ENTRIES_INC_H

#include <math.h>
#include <string.h>

#include "element.h"
#include "entry.inc.h"
#include "scale.inc.h"

/* -F coef of one vector of classes, rounded to reals. */
static inline vector subtrahend(const double *coef, double minus_factor)
{
    vf64 part[PARTS];
    for (size_t k = 0; k < PARTS; k++) part[k] = vf64_mul(vf64_load(coef + k * VF64_WIDTH), vf64_set(minus_factor));
    return v_narrow(part);
}

/* Which coefficients the classes of a chunk have, and so what is subtracted from their probabilities. */
enum coefs { NO_COEFS, EQUAL_COEFS, OWN_COEFS };

/* What the entries of a chunk have in common. */
struct rescaling {
    struct scaling scaling;
    enum coefs coefs;
    bool lowered; /* false: scaling.lower is 1, and multiplying by it is left out */
    vector equal; /* -F coef of EQUAL_COEFS */
    double minus_factor;
};

/* One vector of entries. coef: of OWN_COEFS. */
static inline __attribute__((always_inline)) vector entry(const real *term, const double *coef, const struct rescaling *by)
{
    const vector factor = v_set(by->scaling.factor);
    vector x = v_load(term);
    if (by->lowered) x = v_mul(x, v_set(by->scaling.lower));
    if (by->coefs == NO_COEFS) return v_mul(x, factor);
    return v_fma(x, factor, by->coefs == EQUAL_COEFS ? by->equal : subtrahend(coef, by->minus_factor));
}

/* n is at least a vector's lanes. The last vector overlaps the one before it. It is computed first, since the terms may stand
   where the entries go. */
static inline __attribute__((always_inline)) void rescale(const real *terms, const double *coef, stored *out, size_t n,
                                                          const struct rescaling *by)
{
    size_t end = n - WIDTH;
    vector last = entry(terms + end, by->coefs == OWN_COEFS ? coef + end : NULL, by);
    for (size_t i = 0; i < end; i += WIDTH)
        store_number(out + i, entry(terms + i, by->coefs == OWN_COEFS ? coef + i : NULL, by));
    store_number(out + end, last);
}

/* A loop for each kind of coefficients. */
static inline __attribute__((always_inline)) void rescale_chunk(const real *terms, const struct xent_chunk_coef *coef,
                                                                stored *out, size_t n, struct scaling scaling,
                                                                double minus_factor, bool lowered)
{
    struct rescaling by = { .scaling = scaling, .lowered = lowered, .minus_factor = minus_factor, .equal = v_set((real)0) };
    if (coef == NULL) {
        by.coefs = NO_COEFS;
        rescale(terms, NULL, out, n, &by);
    } else if (coef->step == 0) {
        by.coefs = EQUAL_COEFS;
        by.equal = v_set((real)(minus_factor * *coef->at));
        rescale(terms, NULL, out, n, &by);
    } else {
        by.coefs = OWN_COEFS;
        rescale(terms, coef->at, out, n, &by);
    }
}

/* Fewer classes than a vector has lanes, as a vector of their own. */
struct few {
    real terms[WIDTH], slopes[WIDTH];
    stored out[WIDTH];
    double coefs[WIDTH];
    struct xent_chunk_coef coef;
};

static inline const struct xent_chunk_coef *few_classes(struct few *few, const real *terms, const struct xent_chunk_coef *coef,
                                                        const real *slopes, size_t n)
{
    memset(few, 0, sizeof *few);
    memcpy(few->terms, terms, n * sizeof(real));
    if (slopes != NULL) memcpy(few->slopes, slopes, n * sizeof(real));
    if (coef == NULL) return NULL;
    for (size_t i = 0; i < n; i++) few->coefs[i] = coef->at[i * coef->step];
    few->coef = (struct xent_chunk_coef){ few->coefs, 1 };
    return &few->coef;
}

/* An entry is rounded once: fma(term, scale 2^-64, -F coef). None is NaN, since a row with a NaN in its sums does not come
   here, nor does one beyond real->limits. */
static void entries(const void *terms, const struct xent_chunk_coef *coef, void *out, size_t n,
                    const struct xent_rescale *rescale)
{
    enum { WHOLE, LOWERED };
    struct scaling scaling = scaling_of(rescale->factor * rescale->total * rescale->share * rescale->unit);
    struct few few;
    if (n < WIDTH) {
        coef = few_classes(&few, terms, coef, NULL, n);
        rescale_chunk(few.terms, coef, few.out, WIDTH, scaling, -rescale->factor, LOWERED);
        memcpy(out, few.out, n * sizeof(stored));
    } else if (scaling.lower != 1) {
        rescale_chunk(terms, coef, out, n, scaling, -rescale->factor, LOWERED);
    } else {
        rescale_chunk(terms, coef, out, n, scaling, -rescale->factor, WHOLE);
    }
}

static inline vector vector_in_double(const real *term, const real *slope, const struct xent_chunk_coef *coef, size_t i,
                                      const struct entry_factors *by)
{
    vector t = v_load(term + i), s = slope == NULL ? v_set((real)1) : v_load(slope + i);
    vf64 part[PARTS];
    for (size_t k = 0; k < PARTS; k++) {
        vf64 c = vf64_set(0.0);
        if (coef != NULL) c = coef->step == 0 ? vf64_set(*coef->at) : vf64_load(coef->at + i + k * VF64_WIDTH);
        part[k] = entry_in_double(v_widen(t, k), c, v_widen(s, k), by);
    }
    return v_narrow(part);
}

/* In the order of `rescale`, for its reason. */
static inline void rescale_in_double(const real *terms, const struct xent_chunk_coef *coef, const real *slope, stored *out,
                                     size_t n, const struct xent_rescale *rescale)
{
    const struct entry_factors by = { .share = vf64_set(rescale->share * rescale->unit * 0x1p-64),
                                      .total = vf64_set(rescale->total),
                                      .none = vf64_set(rescale->none),
                                      .factor = vf64_set(rescale->factor) };
    vector last = vector_in_double(terms, slope, coef, n - WIDTH, &by);
    for (size_t i = 0; i < n - WIDTH; i += WIDTH) store(out + i, vector_in_double(terms, slope, coef, i, &by));
    store(out + n - WIDTH, last);
}

static void entries_in_double(const void *terms, const struct xent_chunk_coef *coef, const void *slope, void *out, size_t n,
                              const struct xent_rescale *rescale)
{
    struct few few;
    if (n >= WIDTH) {
        rescale_in_double(terms, coef, slope, out, n, rescale);
        return;
    }
    coef = few_classes(&few, terms, coef, slope, n);
    rescale_in_double(few.terms, coef, slope == NULL ? NULL : few.slopes, few.out, WIDTH, rescale);
    memcpy(out, few.out, n * sizeof(stored));
}

#endif
