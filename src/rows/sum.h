/* The canonical sum over rows (numerics version 1): a leaf is 64 consecutive rows, added in order with TwoSum; leaves merge in a
 * binary tree over the leaf's index. Any run of rows can be summed on its own and joined to the run before it. */
#ifndef XENT_ROWS_SUM_H
#define XENT_ROWS_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

#define XENT_SUM_NODES 116                           /* two for each level of a tree over 2^57 leaves */
#define XENT_SUM_ROWS (XENT_LEAVES * XENT_LEAF_ROWS) /* whose values wait until all are there */

struct xent_pair {
    double hi, lo; /* the plain sum in the same order, and the sum of its rounding errors */
};

/* In a leaf each addition waits for the one before, so that several are added up side by side, once their values are there. */
struct xent_sum {
    const struct xent_kernels *kernels;
    int64_t row;        /* the next one */
    int64_t first_leaf; /* the row where the first leaf of this run starts; those before it end the leaf of another run */
    int32_t heads;      /* of them, kept as they are */
    int32_t nodes;
    size_t values; /* in `value`: of the rows before the next one, from the start of a leaf on */
    double head[XENT_LEAF_ROWS];
    _Alignas(XENT_LINE) double value[XENT_SUM_ROWS];
    struct xent_pair node[XENT_SUM_NODES]; /* side by side, from first_leaf on; two of these structs are on a caller's stack */
    uint8_t level[XENT_SUM_NODES];         /* a node covers 2^level leaves */
};

static inline void xent_sum_begin(struct xent_sum *sum, const struct xent_kernels *kernels, int64_t first_row)
{
    sum->kernels = kernels;
    sum->row = first_row;
    sum->first_leaf = (first_row + XENT_LEAF_ROWS - 1) & -(int64_t)XENT_LEAF_ROWS;
    sum->heads = 0;
    sum->nodes = 0;
    sum->values = 0;
}

/* Adds up the whole leaves among the values; those of an open one stay. */
void xent_sum_push_leaves(struct xent_sum *sum);

/* Where the values of the next *room rows go, one at least; and that n of them, at most so many, are there. */
static inline double *xent_sum_place(struct xent_sum *sum, size_t *room)
{
    if (sum->row < sum->first_leaf) {
        *room = (size_t)(sum->first_leaf - sum->row);
        return sum->head + sum->heads;
    }
    *room = XENT_SUM_ROWS - sum->values;
    return sum->value + sum->values;
}
static inline void xent_sum_placed(struct xent_sum *sum, size_t n)
{
    if (sum->row < sum->first_leaf)
        sum->heads += (int32_t)n;
    else
        sum->values += n;
    sum->row += (int64_t)n;
    if (sum->values == XENT_SUM_ROWS) xent_sum_push_leaves(sum);
}

/* The values of the next rows. */
static inline void xent_sum_row(struct xent_sum *sum, double value)
{
    size_t room;
    *xent_sum_place(sum, &room) = value;
    xent_sum_placed(sum, 1);
}
void xent_sum_rows(struct xent_sum *sum, const double *values, size_t n);
/* `next` begins at the row where `sum` ends; it is of no use afterwards. */
void xent_sum_join(struct xent_sum *sum, struct xent_sum *next);
/* The sum of a run that began at row 0; never -0.0. */
double xent_sum_total(struct xent_sum *sum);

#endif
