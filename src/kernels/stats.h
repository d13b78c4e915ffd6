/* What statistics of rows ask of a backend beside what losses do: tables of functions, as in kernels.h. */
#ifndef XENT_KERNELS_STATS_H
#define XENT_KERNELS_STATS_H

#include "kernels.h"

/* For one type of stored elements; z is a chunk. */
struct xent_stats_kernels {
    /* As `reduce` without terms, or as `reduce_equal` of a coefficient where equal is not NULL; the state has the heat as well. */
    void (*reduce_with_heat)(const void *z, size_t n, const double *equal, struct xent_chunk *chunk);

    /* The first NaN, else the first +inf, else 0; of a chunk or of its terms. */
    size_t (*first_special)(const void *z, size_t n);

    /* How many classes come before a target of this logit, a real in value: those of a larger one and, among the first `ahead`, those of
       an equal one. A NaN counts or does not. */
    size_t (*count_before)(const void *z, size_t n, double target, size_t ahead);
};

/* For rows side by side (kernels.h), of the type of the arithmetic. The arrays have room for whole vectors of rows. */
struct xent_tile_stats_kernels {
    /* As `tile_terms` that keeps no terms; `heat` as the rows' states have it. */
    size_t (*terms_with_heat)(void *tile, size_t rows, size_t classes, bool weighed, const struct xent_tile_ahead *ahead,
                              struct xent_tile *state, double *heat);

    /* The entropies of rows whose log1p_rest is known. */
    void (*entropies)(const struct xent_tile *state, size_t rows, const double *heat, double *entropy);

    /* How many classes come before each row's target; of logits, before their terms are made. */
    void (*count_before)(const void *tile, size_t rows, size_t classes, const int32_t *target, int32_t *before);
};

#endif
