/* One row of a call, whatever the operation: what all rows of the call share, where this one lies, and what is known of it. Rows know
 * nothing of threads or of the operation; the tensors have been checked. */
#ifndef XENT_ROWS_ROW_H
#define XENT_ROWS_ROW_H

#include "args/element.h"
#include "args/tensor.h"
#include "kernels/kernels.h"
#include "rows/coefficients.h"
#include "rows/state.h"

/* What all rows of a call share. Elements are stored as `dtype` and computed as `real`, F32 or F64. */
struct xent_row_type {
    const struct xent_kernels *backend;
    const struct xent_stored_kernels *kernels;      /* for elements as they are stored */
    const struct xent_stored_kernels *real_kernels; /* for logits that have been prepared, which are reals */
    xent_dtype dtype, real;
    size_t size, real_size; /* bytes of an element */
    int64_t classes;
    double scale, softcap; /* logit_scale (1: none) and softcap (0: none), values of `real` */
};

/* Rows of so many classes, stored as those of `model`, without logit_scale and softcap. */
static inline void xent_row_type_init(struct xent_row_type *type, const struct xent_tensor *model, int64_t classes,
                                      const struct xent_kernels *backend)
{
    bool is_f64 = model->dtype == XENT_F64;
    type->backend = backend;
    type->kernels = xent_kernels_of(backend, model->dtype);
    type->real_kernels = is_f64 ? backend->f64 : backend->f32;
    type->dtype = model->dtype;
    type->real = xent_element_real(model->dtype);
    type->size = model->size;
    type->real_size = is_f64 ? sizeof(double) : sizeof(float);
    type->classes = classes;
    type->scale = 1;
    type->softcap = 0;
}

/* The same rows, once their elements are reals. */
static inline struct xent_row_type xent_row_type_of_reals(const struct xent_row_type *type)
{
    struct xent_row_type reals = *type;
    reals.kernels = type->real_kernels;
    reals.dtype = type->real;
    reals.size = type->real_size;
    return reals;
}

/* Rounds logit_scale and softcap to `real`. */
void xent_row_type_scale(struct xent_row_type *type, double scale, double softcap);

/* Whether a chunk's logits are scaled and capped in a place of their own before its first pass. */
static inline bool xent_row_is_prepared(const struct xent_row_type *type) { return type->scale != 1 || type->softcap != 0; }

/* A task's working memory for the chunk that it is at; NULL where the operation has no need of it. */
struct xent_buffers {
    void *copy;     /* stored elements that are not contiguous, or that the terms are about to overwrite */
    void *upstream; /* the same of a gradient that comes in beside them */
    void *prepared; /* reals: prepared logits, the softcap's derivative; numbers on their way to another dtype */
    double *coef;   /* of each class; of one class where all have the same */
};

struct xent_chunk_pair; /* rows/divergence.h */

/* A row between its steps. Its operation says in `begin` where it lies and fills in what that operation looks at. */
struct xent_row {
    int64_t number;            /* in row-major order of the batch, where an operation looks at it */
    struct xent_line in;       /* logits, log-probabilities or probabilities */
    struct xent_line upstream; /* a gradient with respect to `in`'s own results, class by class */
    struct xent_line out;      /* what is written class by class */
    struct xent_line indices;  /* where the indices of the best classes go; at NULL: nowhere */
    char *terms; /* reals: where the first pass leaves its terms, which may be the place of `in` or `out`; NULL: nowhere */

    /* targets */
    bool ignored;                          /* by ignore_index or a weight of 0: the row is not read */
    int64_t target;                        /* a class index; negative: there is none */
    double target_coef;                    /* what that class has beside `coefficients`; 0 without one */
    double at_target;                      /* its logit, prepared */
    struct xent_coefficients coefficients; /* where every class may have one */
    double weight;                         /* of the whole row; 1 without row weights */
    double factor; /* what entries are multiplied with. Of a loss: the upstream gradient of the row's loss
                                              over the divisor, times logit_scale and the row's weight */

    /* from the first pass */
    struct xent_chunk *chunks; /* of all chunks, where somebody asks for them again; else NULL */
    struct xent_state state;
    double log1p_rest; /* log1p(state.rest) */
    char *part;        /* where a task keeps what it learns of its chunks beside their states; NULL: nowhere */

    /* of an operation on pairs of rows: the row beside this one, its state, its terms, which have a place where this one's have, and what
       is known of each pair of chunks */
    struct xent_line beside;
    struct xent_state beside_state;
    char *beside_terms;
    struct xent_chunk_pair *pairs;

    /* the row's own result, and where it belongs unless it is summed over the rows; NULL: nowhere */
    double result;
    char *place;
};

/* Whether its terms take the place of its logits, which can be read before the first pass alone. */
static inline bool xent_row_overwrites_logits(const struct xent_row *row) { return row->terms == row->in.at; }

/* Whether the kernel `entries` can do a row with these: no intermediate overflows. */
static inline bool xent_entries_fit(const struct xent_entry_limits *limits, double factor, double total, double coef_peak)
{
    return (fabs(factor * total) <= limits->factor) & (fabs(factor) * coef_peak <= limits->coef);
}

/* One logit of the row, prepared. */
double xent_row_logit(const struct xent_row_type *type, const struct xent_line *logits, int64_t class_index);

/* A result as an element of the row's dtype: rounded to a real first, as all that leaves the kernels. */
static inline void xent_row_store(const struct xent_row_type *type, double value, char *to)
{
    xent_store_float(type->dtype, to, type->real == XENT_F32 ? (double)(float)value : value);
}

/* The first pass of one chunk: its state and, where the row has a place for them, its terms. coefficients: NULL, or what the state's
   coef and gap are to sum up. */
void xent_row_reduce(const struct xent_row_type *type, const struct xent_row *row, const struct xent_coefficients *coefficients,
                     const struct xent_buffers *buffers, int64_t chunk, struct xent_chunk *to);

/* What the first pass may find of a chunk beside that. */
struct xent_extra {
    bool heat;  /* of its state; the row keeps no terms */
    bool first; /* `first` of a chunk that holds a NaN or +inf: the first NaN, else the first +inf */
    bool rank;  /* `before`, given the row's target and at_target; the row keeps no terms */
};
void xent_row_reduce_more(const struct xent_row_type *type, const struct xent_row *row, const struct xent_extra *extra,
                          const struct xent_coefficients *coefficients, const struct xent_buffers *buffers, int64_t chunk,
                          struct xent_chunk *to);

/* The same over elements that are no logits: coef is the sum of the coefficients, gap that of coefficient * -element, max and rest
   are 0. An element whose coefficient is 0 does not matter. */
void xent_row_dot(const struct xent_row_type *type, const struct xent_line *elements,
                  const struct xent_coefficients *coefficients, const struct xent_buffers *buffers, int64_t chunk,
                  struct xent_chunk *to);

#endif
