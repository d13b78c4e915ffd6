/* The canonical sum over rows (numerics version 1): a leaf is 64 consecutive rows, added in order with TwoSum; leaves merge in a
 * binary tree over the leaf's index. Any run of rows can be summed on its own and joined to the run before it. */
#ifndef XENT_ROWS_SUM_H
#define XENT_ROWS_SUM_H

#include <stddef.h>
#include <stdint.h>

#define XENT_LEAF_ROWS 64  /* a power of two */
#define XENT_SUM_NODES 116 /* two for each level of a tree over 2^57 leaves */

struct xent_pair {
    double hi, lo; /* the plain sum in the same order, and the sum of its rounding errors */
};

struct xent_sum {
    int64_t row;        /* the next one */
    int64_t first_leaf; /* the row where the first leaf of this run starts; those before it end the leaf of another run */
    int32_t heads;      /* of them, kept as they are */
    int32_t nodes;
    struct xent_pair leaf; /* the open leaf: row % 64 rows */
    double head[XENT_LEAF_ROWS];
    struct xent_pair node[XENT_SUM_NODES]; /* side by side, from first_leaf on; two of these structs are on a caller's stack */
    uint8_t level[XENT_SUM_NODES];         /* a node covers 2^level leaves */
};

static inline void xent_sum_begin(struct xent_sum *sum, int64_t first_row)
{
    sum->row = first_row;
    sum->first_leaf = (first_row + XENT_LEAF_ROWS - 1) & -(int64_t)XENT_LEAF_ROWS;
    sum->heads = 0;
    sum->nodes = 0;
    sum->leaf = (struct xent_pair){ 0, 0 };
}

/* The values of the next rows. */
void xent_sum_row(struct xent_sum *sum, double value);
void xent_sum_rows(struct xent_sum *sum, const double *values, size_t n);
/* `next` begins at the row where `sum` ends. */
void xent_sum_join(struct xent_sum *sum, const struct xent_sum *next);
/* The sum of a run that began at row 0; never -0.0. */
double xent_sum_total(struct xent_sum *sum);

#endif
