#ifndef XENT_TESTS_PROBLEM_H
#define XENT_TESTS_PROBLEM_H

#include <stddef.h>
#include <xent.h>

#include "random.h"

/* One call of the library, made from numbers alone, so that it can be repeated on another backend, in another layout or on
   another machine. Needs libc and libxent, nothing else. */

enum op {
    OP_SOFTMAX,
    OP_LOG_SOFTMAX,
    OP_LOGSUMEXP,
    OP_LOG,
    OP_NLL_LOSS,
    OP_CROSS_ENTROPY,
    OP_CROSS_ENTROPY_GRAD,
    OP_MEAN_DIVISOR,
    OPS
};

/* What a row of logits holds; VALUES_MIXED: every row something else. */
enum values {
    VALUES_NORMAL,    /* normal * 4 */
    VALUES_OFFSET,    /* the same about a number from -3e4 to 5e9 */
    VALUES_WIDE,      /* normal * 60, in double * 400 */
    VALUES_NARROW,    /* normal * 1e-6 */
    VALUES_TIES,      /* small integers */
    VALUES_MASKED,    /* a third -inf, also -0, subnormal numbers, the lowest finite one */
    VALUES_BITS,      /* any bits; NaN and infinity are rare */
    VALUES_CONFIDENT, /* one class leads by 5 to 120 */
    VALUES_EQUAL,     /* equal logits under one maximum */
    VALUES_LONELY,    /* -inf with at most one exception */
    VALUES_ZEROS,     /* zeros of both signs, some subnormal numbers */
    VALUES_NAN,       /* normal, one NaN of any sign and payload */
    VALUES_INFINITE,  /* normal, one or more of +inf */
    VALUES_HUGE,      /* near the largest numbers, where differences overflow */
    VALUES_MIXED,
    VALUES_KINDS
};

struct problem {
    uint64_t seed;   /* of the values of all tensors */
    uint64_t layout; /* of all strides, gaps and alignments; 0: row-major, aligned by 64 bytes */
    enum op op;
    xent_dtype dtype; /* of logits, log-probabilities, x */
    int32_t ndim, axis;
    int64_t shape[XENT_MAX_NDIM];
    enum values values;
    int32_t repeated; /* a dimension along which inputs repeat (with a stride of 0 where the layout is not 0), or -1 */
    int in_place;
    /* losses and their divisor */
    xent_dtype target_dtype;    /* integer: class indices */
    xent_dtype weight_dtype;    /* 0: no class weights */
    xent_dtype loss_dtype;      /* 0: no loss beside the gradient; of logsumexp's result too */
    xent_dtype grad_loss_dtype; /* 0: ones */
    xent_reduction reduction;
    int64_t ignore_index;
    double normalizer;
};

/* Draws what the caller has not set: op, dtype, ndim, axis, shape and values are kept, all else comes from r. */
void problem_draw(struct problem *p, struct random *r);

/* The problem in one line, without its seed. */
void problem_text(const struct problem *p, char *text, size_t size);

int64_t problem_classes(const struct problem *p);
int64_t problem_logits(const struct problem *p);
int problem_can_be_in_place(const struct problem *p);

/* What a call has written: the elements of its outputs in row-major order, little-endian; the loss before the gradient. */
struct answer {
    xent_status status;
    int stray; /* whether memory between or beside the outputs' elements was written */
    unsigned char *bytes;
    size_t size;
};

/* Ends the program where memory is short or a tensor cannot be made. */
struct answer problem_solve(const struct problem *p);
void answer_free(struct answer *a);

#endif
