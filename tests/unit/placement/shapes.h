/* What the tests of shapes share: a batch's tensors by their roles, in any shape and layout, and every use of every operation on them. */
#ifndef XENT_TESTS_SHAPES_H
#define XENT_TESTS_SHAPES_H

#include "support/operations.h"
#include "support/tensors.h"

/* A tensor for each role, and what a call gives that is no tensor. */
struct operands {
    xent_tensor *tensor[ROLES];
    double divisor;
};

/* One shape, cut at its class axis. */
struct shape {
    int32_t ndim, axis;
    int64_t extents[XENT_MAX_NDIM], batch[XENT_MAX_NDIM];
    int64_t rows, classes, inner; /* inner: the product of the extents behind the axis */
};
struct shape shape_of(int32_t ndim, int32_t axis, const int64_t *extents);

/* The extents of an operand; returns its rank. */
int32_t shape_of_extent(const struct shape *s, enum extent extent, int64_t shape[XENT_MAX_NDIM]);

/* Where (row, class) is among the elements of an operand of this extent, counted in row-major order. */
int64_t index_of(const struct shape *s, enum extent extent, int64_t row, int64_t c);

/* How many different elements (row, class) an operand of this extent has in each direction. */
int64_t rows_of(const struct shape *s, enum extent extent);
int64_t classes_of(const struct shape *s, enum extent extent);

/* The number that an input holds there, exact in every dtype; some rows are ignored. */
double value_of(enum role role, int64_t row, int64_t c, int64_t classes);

/* Gives every input its values. */
void fill(const struct operands *o, const struct shape *s);

/* Losses with NONE. */
xent_status operate(const struct use *u, struct operands *o, int32_t axis);

/* How many results of the two calls differ, bit by bit. */
int64_t differences(const struct use *u, const struct operands *got, const struct shape *s, const struct operands *want,
                    const struct shape *s_of_want);

#endif
