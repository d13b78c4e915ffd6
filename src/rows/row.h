/* One row of logits: its first pass, which reduces it to a state, and its second, which writes probabilities or a gradient. */
#ifndef XENT_ROWS_ROW_H
#define XENT_ROWS_ROW_H

#include <math.h>

#include "args/element.h"
#include "args/tensor.h"
#include "kernels/kernels.h"

/* Class after class of one row of a tensor. */
struct xent_line {
    char *at;
    ptrdiff_t step; /* bytes */
    xent_dtype dtype;
};

static inline const struct xent_stored_kernels *xent_row_kernels_of(const struct xent_kernels *backend, xent_dtype dtype)
{
    if (dtype == XENT_F32) return backend->f32;
    if (dtype == XENT_F64) return backend->f64;
    return dtype == XENT_F16 ? backend->f16 : backend->bf16;
}

/* The line that begins `offset` bytes behind a tensor's data. */
static inline struct xent_line xent_line_of(const struct xent_tensor *tensor, int32_t axis, ptrdiff_t offset)
{
    return (struct xent_line){ (char *)tensor->data + offset, tensor->step[axis], tensor->dtype };
}

/* What all rows of a call share. Elements are stored as `dtype` and computed as `real`. */
struct xent_row_shape {
    const struct xent_kernels *backend;
    const struct xent_stored_kernels *kernels;      /* of stored elements */
    const struct xent_stored_kernels *real_kernels; /* of prepared logits */
    xent_dtype dtype, real;
    size_t size, real_size; /* of an element */
    int64_t classes;
    bool streams;  /* entries go past the caches to a contiguous output; the terms have a place of their own */
    bool prepared; /* a chunk's logits are scaled and capped in scratch->prepared before its first pass */
    double scale, softcap;
};

/* One coefficient per class: class weight times smoothed target, w (hot t + uniform). */
struct xent_coefficients {
    struct xent_line probability;           /* at NULL: t is 0 for all classes */
    const struct xent_tensor *class_weight; /* NULL: all ones */
    double hot, uniform;                    /* 1 and 0 without label smoothing */
};

/* Whether all classes have the same one: label smoothing alone. */
static inline bool xent_coefficients_are_equal(const struct xent_coefficients *coefficients)
{
    return coefficients->probability.at == NULL && coefficients->class_weight == NULL;
}

/* A thread's working memory; each part is NULL where the call has no need of it. */
struct xent_row_scratch {
    void *logits;              /* a chunk: stored elements that are not contiguous, or that the terms are about to overwrite */
    void *upstream;            /* a chunk: the same of a gradient that comes in beside them */
    void *prepared;            /* a chunk of reals: prepared logits, the softcap's derivative */
    double *coef;              /* a chunk; of one class where all have the same coefficient */
    void *terms;               /* a row of reals: the terms, where the output cannot hold them */
    struct xent_chunk *chunks; /* a row */
    void *tile;                /* XENT_TILE rows of reals, side by side */
};

/* Rows of so many classes whose elements, stored as those of `model`, need no preparation ... */
static inline void xent_row_shape_init(struct xent_row_shape *shape, const struct xent_tensor *model, int64_t classes,
                                       const struct xent_kernels *kernels)
{
    bool is_f64 = model->dtype == XENT_F64;
    shape->backend = kernels;
    shape->kernels = xent_row_kernels_of(kernels, model->dtype);
    shape->real_kernels = is_f64 ? kernels->f64 : kernels->f32;
    shape->dtype = model->dtype;
    shape->real = xent_element_real(model->dtype);
    shape->size = model->size;
    shape->real_size = is_f64 ? sizeof(double) : sizeof(float);
    shape->classes = classes;
    shape->streams = false;
    shape->prepared = false;
    shape->scale = 1;
    shape->softcap = 0;
}

/* ... and what they need: logit_scale and softcap (0: off), each rounded to `real`. */
static inline void xent_row_shape_prepare(struct xent_row_shape *shape, double scale, double softcap)
{
    shape->scale = shape->real == XENT_F32 ? (double)(float)scale : scale;
    shape->softcap = shape->real == XENT_F32 ? (double)(float)softcap : softcap;
    shape->prepared = shape->scale != 1 || shape->softcap != 0;
}

static inline bool xent_row_is_contiguous(const struct xent_row_shape *shape, ptrdiff_t step)
{
    return step == (ptrdiff_t)shape->size || shape->classes <= 1;
}

/* Whether entries() can do a row with these: no intermediate overflows. */
static inline bool xent_row_fits(const struct xent_entry_limits *limits, double factor, double total, double coef_peak)
{
    return (fabs(factor * total) <= limits->factor) & (fabs(factor) * coef_peak <= limits->coef);
}

/* Whether the entries of all rows, `bytes` of contiguous output in memory of its own, had better go past the caches. */
bool xent_row_streams(const struct xent_row_shape *shape, size_t bytes);

static inline int64_t xent_chunk_count(int64_t classes) { return (classes + XENT_CHUNK - 1) / XENT_CHUNK; }

/* The chunks [from, to) of a row. */
struct xent_span {
    int64_t from, to;
};

static inline struct xent_span xent_row_all(const struct xent_row_shape *shape)
{
    return (struct xent_span){ 0, xent_chunk_count(shape->classes) };
}

/* One logit of the row, prepared. */
double xent_row_logit(const struct xent_row_shape *shape, const struct xent_line *logits, int64_t class_index);

/* The state of the row. coefficients: NULL, or what state.coef and state.gap are to sum up. terms: NULL, or the place of the row's
   terms, which may be the logits' own; then scratch->chunks receives the chunks. */
struct xent_state xent_row_reduce(const struct xent_row_shape *shape, const struct xent_line *logits,
                                  const struct xent_coefficients *coefficients, char *terms,
                                  const struct xent_row_scratch *scratch);

/* In the same order, for elements that are no logits: coef is the sum of the coefficients, gap that of coefficient * -element;
   elements that have a coefficient of 0 do not matter. */
struct xent_state xent_row_dot(const struct xent_row_shape *shape, const struct xent_line *elements,
                               const struct xent_coefficients *coefficients, const struct xent_row_scratch *scratch);

/* A part of either, for chunks that go to scratch->chunks; when all are there, they merge into the state of the row. */
void xent_row_reduce_span(const struct xent_row_shape *shape, const struct xent_line *logits,
                          const struct xent_coefficients *coefficients, char *terms, const struct xent_row_scratch *scratch,
                          struct xent_span span);
void xent_row_dot_span(const struct xent_row_shape *shape, const struct xent_line *elements,
                       const struct xent_coefficients *coefficients, const struct xent_row_scratch *scratch,
                       struct xent_span span);
struct xent_state xent_row_merge(const struct xent_row_shape *shape, const struct xent_chunk *chunks);

/* What the second pass writes: entry = factor * slope * ((coef + pull) * p - coefficient), slope the softcap's derivative. */
struct xent_row_gradient {
    double factor;
    double coef;                                  /* the sum of the coefficients */
    double pull;                                  /* 2 z_loss lse */
    const struct xent_coefficients *coefficients; /* NULL: only `target` has one */
    int64_t target;                               /* a class index; negative: none */
    double target_coef;                           /* what it has beside `coefficients` */
};

/* From the terms, which may stand in the output itself, and scratch->chunks, all of the row, of the first pass. The state is fit
   for use. The logits are read again only for the softcap. */
void xent_row_write(const struct xent_row_shape *shape, const struct xent_state *state,
                    const struct xent_row_gradient *gradient, const struct xent_line *logits, char *terms,
                    const struct xent_line *out, const struct xent_row_scratch *scratch, struct xent_span span);

/* logp = (z - max) - log1p_rest; out may be the logits. */
void xent_row_log_probs(const struct xent_row_shape *shape, const struct xent_line *logits, double max, double log1p_rest,
                        const struct xent_line *out, const struct xent_row_scratch *scratch, struct xent_span span);

/* All entries of the span. */
void xent_row_fill(const struct xent_row_shape *shape, const struct xent_line *out, double value, struct xent_span span);

/* A result as an element of the row's dtype: a real first, as all that leaves the kernels. */
void xent_row_store(const struct xent_row_shape *shape, double value, char *to);

static inline bool xent_state_is_finite(const struct xent_state *state)
{
    return state->max - state->max == 0 && state->rest - state->rest == 0;
}

#endif
