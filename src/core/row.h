/* One row of logits: its first pass, which reduces it to a state, and its second, which writes probabilities or a gradient. */
#ifndef XENT_CORE_ROW_H
#define XENT_CORE_ROW_H

#include "core/tensor.h"
#include "kernels/kernels.h"

/* Class after class of one row of a tensor. */
struct xent_line {
    char *at;
    ptrdiff_t step; /* bytes */
    xent_dtype dtype;
};

/* What all rows of a call share. */
struct xent_row_shape {
    const struct xent_row_kernels *kernels;
    xent_dtype dtype;
    size_t size; /* of an element */
    int64_t classes;
};

/* One coefficient per class: class weight times probability. */
struct xent_coefficients {
    struct xent_line probability;
    const struct xent_tensor *class_weight; /* NULL: all ones */
};

/* A thread's working memory; each part is NULL where the call has no need of it. */
struct xent_row_scratch {
    void *logits;              /* a chunk: logits that are not contiguous, or that the terms are about to overwrite */
    double *coef;              /* a chunk */
    void *terms;               /* a row: the terms, where the output is not contiguous */
    struct xent_chunk *chunks; /* a row */
};

/* The kernels of a dtype. */
const struct xent_row_kernels *xent_row_kernels_for(const struct xent_kernels *kernels, xent_dtype dtype);

struct xent_row_shape xent_row_shape_of(const struct xent_tensor *logits, int32_t axis, const struct xent_kernels *kernels);

static inline bool xent_row_is_contiguous(const struct xent_row_shape *shape, ptrdiff_t step)
{
    return step == (ptrdiff_t)shape->size || shape->classes <= 1;
}

static inline int64_t xent_chunk_count(int64_t classes) { return (classes + XENT_CHUNK - 1) / XENT_CHUNK; }

/* The state of the row. coefficients: NULL, or what state.coef and state.gap are to sum up. terms: NULL, or the place of the row's
   terms, which may be the logits' own; then scratch->chunks receives the chunks. */
struct xent_state xent_row_reduce(const struct xent_row_shape *shape, const struct xent_line *logits,
                                  const struct xent_coefficients *coefficients, char *terms,
                                  const struct xent_row_scratch *scratch);

/* sum of coefficient * -logp over the classes, in the same order; logits that have a coefficient of 0 do not matter. */
double xent_row_dot(const struct xent_row_shape *shape, const struct xent_line *logp,
                    const struct xent_coefficients *coefficients, const struct xent_row_scratch *scratch);

/* What the second pass writes: entry = factor * (total * p - coef). */
struct xent_row_gradient {
    double factor;
    double total;                                 /* the sum of the coefficients */
    const struct xent_coefficients *coefficients; /* NULL: only `target` has one */
    int64_t target;                               /* a class index; negative: none */
    double target_coef;
};

/* From the terms, which may stand in the output itself, and scratch->chunks of the first pass. The state is fit for use. */
void xent_row_write(const struct xent_row_shape *shape, const struct xent_state *state,
                    const struct xent_row_gradient *gradient, char *terms, const struct xent_line *out,
                    const struct xent_row_scratch *scratch);

/* logp = (z - max) - log1p_rest; out may be the logits. */
void xent_row_log_probs(const struct xent_row_shape *shape, const struct xent_line *logits, double max, double log1p_rest,
                        const struct xent_line *out, const struct xent_row_scratch *scratch);

static inline bool xent_state_is_finite(const struct xent_state *state)
{
    return state->max - state->max == 0 && state->rest - state->rest == 0;
}

#endif
