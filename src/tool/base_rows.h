/* The rows of llama.cpp's KLD base file, a block at a time, and a model's beside them. */
#ifndef XENT_TOOL_BASE_ROWS_H
#define XENT_TOOL_BASE_ROWS_H

#include "kld.h"
#include "mapped_file.h"
#include <xent.h>

/* Probabilities that what a file says of a row leaves for its masked classes together. */
struct rest {
    double least, likeliest, most;
};

struct base_row {
    struct kld_row read;
    int64_t masked; /* classes */
    struct rest rest;
};

/* Buffers of doubles for a block of rows. `codes` has the classes as the file has them. In `merged` and `other` those of code 0
   are masked where the row is cut off, and an additional last class has their probability. */
struct base_rows {
    struct mapped_file *file;
    struct kld kld;
    int64_t capacity;     /* rows */
    int64_t first, count; /* the block that is decoded */
    double *codes, *merged, *other, *masked;
    struct base_row *rows;
};

void base_rows_init(struct base_rows *rows, struct mapped_file *file, const struct kld *kld, int64_t capacity);
void base_rows_destroy(struct base_rows *rows);

/* What xent_row_stats would say of the block's rows [first, first + count); lse and max are not to be had. loss: what the file has for
   the target, code 0 included; entropy: of the merged classes. */
void base_rows_stats(struct base_rows *rows, int64_t first, int64_t count, const xent_tensor *target,
                     const xent_options *options, const xent_stats *stats);

/* KL(base || logits) of the merged classes of each row; logits: shape (count, classes). Of the probabilities that the file leaves for the
   last class it has the one nearest to that of the logits: the rounding of the codes adds nothing. */
void base_rows_divergence(struct base_rows *rows, int64_t first, int64_t count, const xent_tensor *logits,
                          const xent_tensor *target, const xent_options *options, xent_tensor *kl);

#endif
