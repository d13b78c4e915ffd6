/* The coefficient of every class, w (hot t + uniform): class weight times smoothed target, for a chunk of a row. The weight of a target
 * alone, and what MEAN divides by, are read by xent_weight_of and xent_weights_of (args/target.h). */
#ifndef XENT_ROWS_COEFFICIENTS_H
#define XENT_ROWS_COEFFICIENTS_H

#include "rows/chunk.h"

struct xent_coefficients {
    struct xent_line per_class;             /* t: probabilities, or another factor of each class; at NULL: 0 for all classes */
    const struct xent_tensor *class_weight; /* w; NULL: all ones */
    double hot, uniform;                    /* 1 and 0 without label smoothing; a tiny one may leave `hot` at 1 */
    const struct xent_coef_sums *sums;      /* of each chunk; NULL: not known */
};

/* The sums of a chunk's coefficients and the largest of them, where these are the same for all rows of a call. */
struct xent_coef_sums {
    double coef, coef_peak;
};

/* Whether all classes have the same one: label smoothing alone. */
static inline bool xent_coefficients_are_equal(const struct xent_coefficients *coefficients)
{
    return coefficients->per_class.at == NULL && coefficients->class_weight == NULL;
}

/* The coefficients of n classes from `from` on, for which `coef` has room: for one number where all have the same, else for n. */
struct xent_chunk_coef xent_chunk_coefficients(const struct xent_coefficients *coefficients, const struct xent_kernels *backend,
                                               int64_t from, size_t n, double *coef);

/* The same as kernels for elements of `dtype` take them: by factors, if these are F32 or F64 as the elements are and one behind the
   other; `coef` is then not written. */
struct xent_chunk_coef xent_chunk_factors(const struct xent_coefficients *coefficients, const struct xent_kernels *backend,
                                          xent_dtype dtype, int64_t from, size_t n, double *coef);

/* Finds the sums of all chunks. For coefficients that xent_chunk_factors gives by factors; answers false for others. */
bool xent_coefficient_sums(const struct xent_coefficients *coefficients, const struct xent_kernels *backend, xent_dtype dtype,
                           int64_t classes, struct xent_coef_sums *sums);

/* That of one class. */
double xent_coefficient_at(const struct xent_coefficients *coefficients, int64_t class_index);

#endif
