/* A linear layer's call while it runs: its memory, its products by the caller's gemm, and the passes over memory between them. */
#ifndef XENT_OPS_LINEAR_RUN_H
#define XENT_OPS_LINEAR_RUN_H

#include "ops/linear.h"
#include "ops/partial.h"

/* The three products of a block. */
enum xent_product {
    XENT_PRODUCT_LOGITS,      /* hidden weight^T, beside the bias */
    XENT_PRODUCT_GRAD_HIDDEN, /* G weight, where G = d(loss)/d(logits) stands in the logits' place */
    XENT_PRODUCT_GRAD_WEIGHT, /* G^T hidden, added to that of the blocks before */
    XENT_PRODUCTS
};

/* Rows of weight that are widened at a time. */
enum { XENT_WIDENED_CLASSES = 4096 };

/* Rows of contiguous elements. */
struct xent_matrix {
    char *at;
    xent_dtype dtype;
    int64_t stride; /* elements from a row to the next */
};

/* Rows of the batch, or classes, that lie side by side. */
struct xent_linear_span {
    int64_t from, count;
};

/* The logits that are in memory at a time: of some rows all classes, or a tile of them. */
struct xent_linear_block {
    struct xent_linear_span rows, classes;
};

/* A block's share of the loss: one of reduction NONE over the divisor of the whole batch. Each tensor is the batch's, cut to the block. */
struct xent_linear_piece {
    struct xent_tensor logits, target, row_weight, grad_loss, losses;
    struct xent_slice slice; /* the loss, stats.loss, with its states where a block has a tile of the classes */
    struct xent_merge merge;
    struct xent_drive drive; /* over its rows */
};

struct xent_linear_run {
    const struct xent_linear_loss *call;
    const struct xent_settings *settings;
    const struct xent_fpenv *caller;
    xent_dtype real;            /* of the logits and what is computed with them */
    bool widens[XENT_PRODUCTS]; /* gemm did not take the types as they are stored */
    int64_t block_rows;         /* of all blocks but the last ones */
    int32_t tiles;              /* blocks that a row's classes are in, one behind the other */

    struct xent_linear_piece *piece;
    xent_shard *shards;            /* of each tile, its classes */
    const xent_partial **partials; /* and the states of a block's rows */

    /* working memory; NULL where there is no need of it */
    char *logits;          /* of a block, then their gradient */
    char *hidden, *weight; /* wide copies */
    char *grad_hidden;     /* of a block, on the way to another dtype or to strides that no product writes ... */
    char *elements;        /* ... and a row of it on the way to strides */
    double *grad_bias;     /* the sum so far */
    double *losses;        /* of all rows */
    xent_partial *states;  /* of a block's rows, tile by tile ... */
    xent_partial *whole;   /* ... and merged */
    char *drive;           /* for the drives, one after the other ... */
    size_t drive_bytes;    /* ... none of which needs more */
};

static inline struct xent_linear_span xent_linear_all_classes(const struct xent_linear_run *run)
{
    return (struct xent_linear_span){ 0, run->call->classes };
}

static inline size_t xent_linear_real_size(const struct xent_linear_run *run) { return xent_element_size(run->real); }

/* The rows of a matrix's tensor from this one on. */
struct xent_matrix xent_matrix_of(const struct xent_tensor *tensor, int64_t row);

/* One product for a block; what gemm answers becomes a status. */
xent_status xent_linear_multiply(struct xent_linear_run *run, enum xent_product product, struct xent_linear_block block);

/* Finds the losses of rows, by the products for their logits; and makes these the gradient, where one is wanted. */
xent_status xent_linear_find_losses(struct xent_linear_run *run, struct xent_linear_span rows);
/* Bytes that the drives of this take, whichever rows they are. */
size_t xent_linear_drive_bytes(const struct xent_linear_run *run);

/* Whether a product writes grad_hidden where it belongs. */
bool xent_linear_writes_grad_hidden(const struct xent_linear_loss *call);

/* Passes over memory, shared out to threads. Rows of `count` elements become contiguous reals. */
void xent_linear_widen(const struct xent_linear_run *run, const struct xent_matrix *from, int64_t rows, int64_t count,
                       char *to);
/* The logits of a block begin as the bias. */
void xent_linear_begin_logits(const struct xent_linear_run *run, struct xent_linear_block block);
/* The gradient of the bias: begins, adds that of a block's logits, ends in its place. */
void xent_linear_begin_grad_bias(const struct xent_linear_run *run);
void xent_linear_add_grad_bias(const struct xent_linear_run *run, int64_t rows);
void xent_linear_end_grad_bias(const struct xent_linear_run *run);
/* grad_hidden of a block goes where it belongs. */
void xent_linear_put_grad_hidden(const struct xent_linear_run *run, struct xent_linear_span rows);

#endif
