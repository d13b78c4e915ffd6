/* The second pass over a chunk: gradient entries, or probabilities, from the terms, written as they are stored. Assumes the
 * elements of a variant (element.h). */
#ifndef XENT_KERNELS_ENTRIES_INC_H
#define XENT_KERNELS_ENTRIES_INC_H

#include <math.h>
#include <string.h>

#include "entry.inc.h"
#include "factors.inc.h"
#include "scale.inc.h"
#include "stretches.inc.h"

/* What the entries of a chunk have in common. */
struct rescaling {
    struct scaling scaling;
    enum coefs coefs;
    struct coef_source source;
    vector equal; /* -F coef of EQUAL_COEFS */
    double minus_factor;
};

/* -F coef of one vector of classes, rounded to reals. */
static inline __attribute__((always_inline)) vector subtrahend(const struct rescaling *by, size_t at)
{
    vf64 part[PARTS];
    for (size_t k = 0; k < PARTS; k++)
        part[k] = vf64_mul(coef_of(&by->source, by->coefs, at + k * VF64_WIDTH), vf64_set(by->minus_factor));
    return v_narrow(part);
}

/* One vector of entries. `lower` is 1 where nothing has to be lowered, which multiplies exactly. */
static inline __attribute__((always_inline)) vector entry(const real *terms, size_t at, const struct rescaling *by)
{
    const vector factor = v_set(by->scaling.factor);
    vector x = v_mul(v_load(terms + at), v_set(by->scaling.lower));
    if (by->coefs == NO_COEFS) return v_mul(x, factor);
    return v_fma(x, factor, by->coefs == EQUAL_COEFS ? by->equal : subtrahend(by, at));
}

/* n is at least a vector's lanes. The last vector overlaps the one before it. It is computed first, since the terms may stand
   where the entries go. A loop for each kind of coefficients. The output's lines are fetched where the first pass has not done
   so. */
static inline __attribute__((always_inline)) void rescale_all(const real *terms, stored *out, size_t n, struct rescaling by,
                                                              enum coefs coefs)
{
    size_t end = n - WIDTH;
    vector last;
    by.coefs = coefs;
    last = entry(terms, end, &by);
    for (size_t i = 0; i < end; i += WIDTH) {
        if (!STORED_REALS && i % LINE_ELEMENTS == 0) prefetch(out + i + XENT_CHUNK);
        store_number(out + i, entry(terms, i, &by));
    }
    store_number(out + end, last);
}

static inline void rescale_chunk(const real *terms, const struct xent_chunk_coef *coef, stored *out, size_t n,
                                 struct scaling scaling, double minus_factor)
{
    struct rescaling by = { .scaling = scaling, .minus_factor = minus_factor, .equal = v_set((real)0) };
    if (coef == NULL) {
        rescale_all(terms, out, n, by, NO_COEFS);
    } else if (!are_factors(coef) && coef->step == 0) {
        by.equal = v_set((real)(minus_factor * *coef->at));
        rescale_all(terms, out, n, by, EQUAL_COEFS);
    } else if (!are_factors(coef)) {
        by.source.own = coef->at;
        rescale_all(terms, out, n, by, OWN_COEFS);
    } else {
        by.source = source_of(&coef->factors);
        if (by.source.w == NULL)
            rescale_all(terms, out, n, by, FACTORS);
        else
            rescale_all(terms, out, n, by, WEIGHTED_FACTORS);
    }
}

/* Fewer classes than a vector has lanes, as a vector of their own. */
struct few {
    real terms[WIDTH], slopes[WIDTH];
    stored out[WIDTH];
    double coefs[XENT_LANES]; /* room for a group */
    struct xent_chunk_coef coef;
};

static inline const struct xent_chunk_coef *few_classes(struct few *few, const real *terms, const struct xent_chunk_coef *coef,
                                                        const real *slopes, size_t n)
{
    memset(few->terms, 0, sizeof few->terms);
    memset(few->slopes, 0, sizeof few->slopes);
    memcpy(few->terms, terms, n * sizeof(real));
    if (slopes != NULL) memcpy(few->slopes, slopes, n * sizeof(real));
    if (coef == NULL) return NULL;
    memset(few->coefs, 0, sizeof few->coefs);
    if (are_factors(coef)) fill_group(&coef->factors, 0, n, few->coefs);
    for (size_t i = 0; i < n && !are_factors(coef); i++) few->coefs[i] = coef->at[i * coef->step];
    few->coef = (struct xent_chunk_coef){ .at = few->coefs, .step = 1 };
    return &few->coef;
}

/* An entry is rounded once: fma(term, scale 2^-64, -F coef). None is NaN, since a row with a NaN in its sums does not come
   here, nor does one beyond real->limits. */
static void entries(const void *terms, const struct xent_chunk_coef *coef, void *out, size_t n,
                    const struct xent_rescale *rescale)
{
    struct scaling scaling = scaling_of(rescale->factor * rescale->total * rescale->share * rescale->unit);
    bool is_few = n < WIDTH;
    struct few few;
    if (is_few) {
        coef = few_classes(&few, terms, coef, NULL, n);
        terms = few.terms;
    }
    rescale_chunk(terms, coef, is_few ? few.out : out, is_few ? WIDTH : n, scaling, -rescale->factor);
    if (is_few) memcpy(out, few.out, n * sizeof(stored));
}

/* One vector of entries in double: within the limits, or of any numbers. */
enum extent { WITHIN_LIMITS, ANYWHERE };

static inline __attribute__((always_inline)) vector vector_in_double(const real *term, const real *slope,
                                                                     const struct xent_chunk_coef *coef, size_t i,
                                                                     enum extent extent, const struct entry_factors *by)
{
    vector t = v_load(term + i), s = slope == NULL ? v_set((real)1) : v_load(slope + i);
    vf64 part[PARTS];
    for (size_t k = 0; k < PARTS; k++) {
        vf64 c = vf64_set(0.0), x = v_widen(t, k), of_slope = v_widen(s, k);
        if (coef != NULL) c = coef->step == 0 ? vf64_set(*coef->at) : vf64_load(coef->at + i + k * VF64_WIDTH);
        part[k] = extent == ANYWHERE ? entry_in_double(x, c, of_slope, by) : entry_within_limits(x, c, of_slope, by);
    }
    return v_narrow(part);
}

/* In the order of `rescale`, for its reason. */
static inline __attribute__((always_inline)) void rescale_in_double(const real *terms, const struct xent_chunk_coef *coef,
                                                                    const real *slope, stored *out, size_t n,
                                                                    enum extent extent, const struct xent_rescale *rescale)
{
    const struct entry_factors by = { .share = vf64_set(rescale->share * rescale->unit * 0x1p-64),
                                      .total = vf64_set(rescale->total),
                                      .none = vf64_set(rescale->none),
                                      .factor = vf64_set(rescale->factor) };
    vector last = vector_in_double(terms, slope, coef, n - WIDTH, extent, &by);
    for (size_t i = 0; i < n - WIDTH; i += WIDTH) store(out + i, vector_in_double(terms, slope, coef, i, extent, &by));
    store(out + n - WIDTH, last);
}

/* What rescale_in_double does, for coefficients that are none or doubles. */
typedef void entries_of_doubles(const real *terms, const struct xent_chunk_coef *coef, const real *slope, stored *out, size_t n,
                                const struct xent_rescale *rescale);

static __attribute__((noinline)) void entries_anywhere(const real *terms, const struct xent_chunk_coef *coef, const real *slope,
                                                       stored *out, size_t n, const struct xent_rescale *rescale)
{
    rescale_in_double(terms, coef, slope, out, n, ANYWHERE, rescale);
}

static __attribute__((noinline)) void entries_within_limits(const real *terms, const struct xent_chunk_coef *coef,
                                                            const real *slope, stored *out, size_t n,
                                                            const struct xent_rescale *rescale)
{
    if (coef == NULL)
        rescale_in_double(terms, NULL, slope, out, n, WITHIN_LIMITS, rescale);
    else
        rescale_in_double(terms, coef, slope, out, n, WITHIN_LIMITS, rescale);
}

static void entries_of_few(entries_of_doubles *way, const real *terms, const struct xent_chunk_coef *coef, const real *slope,
                           stored *out, size_t n, const struct xent_rescale *rescale)
{
    struct few few;
    if (n >= WIDTH) {
        way(terms, coef, slope, out, n, rescale);
        return;
    }
    coef = few_classes(&few, terms, coef, slope, n);
    way(few.terms, coef, slope == NULL ? NULL : few.slopes, few.out, WIDTH, rescale);
    memcpy(out, few.out, n * sizeof(stored));
}

/* Coefficients that come by factors are made doubles group by group. */
static void entries_in_groups(entries_of_doubles *way, const real *terms, const struct xent_chunk_coef *coef, const real *slope,
                              stored *out, size_t n, const struct xent_rescale *rescale)
{
    bool by_factors = are_factors(coef);
    size_t step = by_factors ? XENT_LANES : n;
    double own[XENT_LANES];
    const struct xent_chunk_coef group = { .at = own, .step = 1 };
    for (size_t i = 0; i < n; i += step) {
        size_t count = n - i < step ? n - i : step;
        if (by_factors) fill_group(&coef->factors, i, count, own);
        entries_of_few(way, terms + i, by_factors ? &group : coef, slope == NULL ? NULL : slope + i, out + i, count, rescale);
    }
}

static void entries_with_slopes(const void *terms, const struct xent_chunk_coef *coef, const void *slopes, void *out, size_t n,
                                const struct xent_rescale *rescale)
{
    entries_in_groups(entries_within_limits, terms, coef, slopes, out, n, rescale);
}

static void entries_in_double(const void *terms, const struct xent_chunk_coef *coef, const void *slopes, void *out, size_t n,
                              const struct xent_rescale *rescale)
{
    entries_in_groups(entries_anywhere, terms, coef, slopes, out, n, rescale);
}

#endif
