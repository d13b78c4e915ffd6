/* The k largest classes of a row, found while its chunks go by. Larger is as xent_top_k has it: NaN before all numbers, -0.0 the same as
 * +0.0, and of equal ones the class that comes first. */
#ifndef XENT_ROWS_TOP_H
#define XENT_ROWS_TOP_H

#include "rows/row.h"

#define XENT_TOP_MOST 1024 /* of k */

/* A class and its logit. No two of a row are equal. */
struct xent_ranked {
    uint64_t key; /* larger for a larger logit; equal for equal ones */
    int64_t class_index;
};

/* Once there are k, their least is a threshold: a class at most as large, behind them, is none of the best. So most classes cost a lane of a
   comparison. The others, the candidates, are inserted at once where k is small; else they gather behind the best until there are enough
   to select from. Whatever the order of the logits is, a candidate costs O(log k). */
struct xent_top {
    size_t k, room;             /* `room`: of `ranked` */
    size_t count;               /* in `ranked` */
    bool full;                  /* `least` is that of k classes */
    uint64_t least;             /* key */
    struct xent_ranked *ranked; /* in their order where k is small */
    struct xent_ranked *spare;  /* as much room again */
};

/* Bytes of memory for a xent_top and what it points to. */
size_t xent_top_size(size_t k);

/* One in this memory, which is aligned as a cache line; of no class so far. */
struct xent_top *xent_top_begin(char *memory, size_t k);

/* Adds the n classes from `from` on, of a chunk whose elements are z. They come in their order. */
void xent_top_add(struct xent_top *top, const struct xent_row_type *type, const void *z, size_t n, int64_t from);

/* Whether no number up to this one, of a class behind those that have been added, can be among the best. */
bool xent_top_is_beyond(const struct xent_top *top, double logit);

/* Adds the best of `next`, whose classes come behind those of `top`. */
void xent_top_join(struct xent_top *top, struct xent_top *next);

/* All that have been added: the k best in their order, or all where they are fewer; *count is how many. */
const struct xent_ranked *xent_top_end(struct xent_top *top, size_t *count);

#endif
