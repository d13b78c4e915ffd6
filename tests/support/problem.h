#ifndef XENT_TESTS_PROBLEM_H
#define XENT_TESTS_PROBLEM_H

#include <stddef.h>
#include <xent.h>

#include "operations.h"
#include "random.h"

/* One call of the library, made from numbers alone, so that it can be repeated on another backend, in another layout or on
   another machine. Needs libc and libxent, nothing else. */

/* What a row of logits holds; VALUES_MIXED: every row something else. */
enum values {
    VALUES_NORMAL,    /* normal * 4 */
    VALUES_OFFSET,    /* the same about a number from -3e4 to 5e9, in F16 to 6e4 */
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

/* The options of the cross entropy that have a value of their own. */
enum option { OPTION_SMOOTHING = 1, OPTION_Z_LOSS = 2, OPTION_SCALE = 4, OPTION_SOFTCAP = 8, OPTION_SETS = 16 };

/* Values of problem.repeated that are no dimension. */
enum { REPEATED_NOWHERE = -1, REPEATED_EVERYWHERE = -2 };

struct problem {
    uint64_t seed;   /* of the values of all tensors */
    uint64_t layout; /* of all strides, gaps and alignments; 0: row-major, aligned by 64 bytes */
    enum op op;
    xent_dtype dtype;        /* of logits, probabilities, log-probabilities, x and the gradients of them */
    xent_dtype output_dtype; /* 0: the same; else that of the probabilities or log-probabilities */
    xent_dtype second_dtype; /* 0: the same; else that of the second of two tables of logits and of its gradient */
    int widened;             /* these are the numbers of that dtype, held in F32 */
    int32_t ndim, axis;
    int64_t shape[XENT_MAX_NDIM];
    enum values values;
    int tame; /* no odd numbers among targets and weights, no rows of NaN or infinity among mixed ones: sums are numbers */
    int32_t repeated; /* a dimension along which inputs repeat (with a stride of 0 where the layout is not 0), or see above */
    int in_place;     /* 0; 1: the output is the first tensor of the call; 2: the second one */
    /* losses and their divisor */
    xent_dtype target_dtype;     /* integer: class indices */
    xent_dtype weight_dtype;     /* 0: no class weights */
    xent_dtype row_weight_dtype; /* 0: no row weights */
    xent_dtype loss_dtype;       /* 0: no loss beside the gradient; of logsumexp's result too */
    xent_dtype grad_loss_dtype;  /* 0: ones */
    int64_t best;                /* of top_k: how many classes */
    xent_dtype index_dtype;      /* 0: no indices; the log-probabilities are of loss_dtype */
    xent_reduction reduction;
    int64_t ignore_index;
    double normalizer;
    double label_smoothing, z_loss, logit_scale, softcap;
    /* what problem_draw may choose from */
    int any_dtype;    /* of 16 bits too for what is not of `dtype`, and REPEATED_EVERYWHERE */
    int row_weights;  /* rows may have weights */
    int converts;     /* the output may have another dtype, where the operation can */
    unsigned options; /* those of enum option that get a value */
};

/* Draws what the caller has not set: op, dtype, ndim, axis, shape, values, tame, any_dtype, row_weights, converts and options are kept;
   all else comes from r. */
void problem_draw(struct problem *p, struct random *r);

/* The same for a matrix of batch[0] rows and batch[1] classes, either of which may come first; draws axis, values, options and tame too. */
void problem_draw_batch(struct problem *p, const int64_t *batch, struct random *r);

/* The problem in one line, without its seed. */
void problem_text(const struct problem *p, char *text, size_t size);

const char *dtype_name(xent_dtype dtype); /* "F32" */
int problem_is_floating(xent_dtype dtype);
const struct operation *problem_operation(const struct problem *p);
int problem_takes_options(const struct problem *p); /* whether values of enum option are allowed */
int problem_has_loss(const struct problem *p);      /* one for each row, or one for all, as the reduction has it */
int problem_has_upstream(const struct problem *p);  /* whether it takes a grad_loss */
int problem_places(const struct problem *p);        /* how many of the tensors may be the output's memory too: 0, 1 or 2 */
int64_t problem_classes(const struct problem *p);
int64_t problem_logits(const struct problem *p);

/* What a call has written: the elements of its outputs in row-major order, little-endian; the loss before the gradient. */
struct answer {
    xent_status status;
    int stray; /* whether memory between or beside the outputs' elements was written */
    unsigned char *bytes;
    size_t size;
};

/* Ends the program where memory is short or a tensor cannot be made. */
struct answer problem_solve(const struct problem *p);

/* The same by a call for each piece of the batch: the dimension, which is not the class axis, is cut at places drawn from r. What has
   one element for the whole batch is given to each call, and holds what the last one has left. */
struct answer problem_solve_pieces(const struct problem *p, int32_t dimension, struct random *r);

void answer_free(struct answer *a);

#endif
