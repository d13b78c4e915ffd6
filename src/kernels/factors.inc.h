/* Coefficients by vectors: of doubles, or of the factors that they are products of (struct xent_factors). Assumes the elements of a
 * variant (element.h). */
#ifndef XENT_KERNELS_FACTORS_INC_H
#define XENT_KERNELS_FACTORS_INC_H

#include <stdbool.h>
#include <string.h>

#include "element.h"
#include "kernels.h"

/* Whether coefficients come by factors: of elements of 16 bits, doubles are made of them first, which is faster. */
enum { BY_FACTORS = STORED_REALS };

static inline bool are_factors(const struct xent_chunk_coef *coef) { return BY_FACTORS && coef != NULL && coef->at == NULL; }

/* Which coefficients the classes of a chunk have: none, all the same, doubles, or factors without and with weights. */
enum coefs { NO_COEFS, EQUAL_COEFS, OWN_COEFS, FACTORS, WEIGHTED_FACTORS };

/* Where they are, of the last three. */
struct coef_source {
    const double *own;
    const stored *t, *w;
    vf64 hot, uniform;
};

static inline struct coef_source source_of(const struct xent_factors *factors)
{
    return (struct coef_source){
        .t = factors->t, .w = factors->w, .hot = vf64_set(factors->hot), .uniform = vf64_set(factors->uniform)
    };
}

static inline __attribute__((always_inline)) vf64 coef_of(const struct coef_source *from, enum coefs coefs, size_t at)
{
    vf64 c;
    if (coefs == OWN_COEFS) return vf64_load(from->own + at);
    c = vf64_add(vf64_mul(from->hot, load_doubles(from->t + at)), from->uniform);
    return coefs == FACTORS ? c : vf64_mul(c, load_doubles(from->w + at));
}

/* The coefficients of a group of `count` classes that begins at class `from`, and 0 behind the last. noinline: small enough, and
   wanted in several places. */
static __attribute__((noinline)) void fill_group(const struct xent_factors *factors, size_t from, size_t count,
                                                 double coef[XENT_LANES])
{
    struct coef_source source = source_of(factors);
    stored t[XENT_LANES], w[XENT_LANES];
    source.t += from;
    if (source.w != NULL) source.w += from;
    if (count < XENT_LANES) {
        memset(t, 0, sizeof t);
        memset(w, 0, sizeof w);
        memset(coef, 0, XENT_LANES * sizeof(double));
        source.t = memcpy(t, source.t, count * sizeof(stored));
        if (source.w != NULL) source.w = memcpy(w, source.w, count * sizeof(stored));
    }
    /* not unrolled, which compilers would do for a whole group */
    _Pragma("GCC unroll 1") for (size_t i = 0; i < count; i += VF64_WIDTH)
        vf64_store(coef + i, source.w == NULL ? coef_of(&source, FACTORS, i) : coef_of(&source, WEIGHTED_FACTORS, i));
    for (size_t i = count; i % VF64_WIDTH != 0; i++) coef[i] = 0;
}

#endif
