#ifndef XENT_TESTS_TENSORS_H
#define XENT_TESTS_TENSORS_H

#include "expect.h"
#include "nan.h"

/* Tensors for tests. A builder that cannot do its work fails the running test. Elements are counted in row-major
   order of the index, whatever the layout in memory. */

/* ndim and shape as arguments: tensor_new(XENT_F32, SHAPE(2, 3), ROW_MAJOR). */
#define SHAPE(...)                                                                                                             \
    (int32_t)(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)), (const int64_t[]) { __VA_ARGS__ }
#define SCALAR 0, (const int64_t *)NULL
#define VALUES(...)                                                                                                            \
    (const double[]) { __VA_ARGS__ }

enum layout {
    ROW_MAJOR,
    TRANSPOSED, /* the first dimension is the contiguous one */
    SPACED,     /* row-major with two elements skipped after each one */
    REVERSED,   /* row-major from the end, all strides negative */
    LAYOUTS
};
extern const char *const layout_names[LAYOUTS];

/* A tensor over zeroed memory of the layout, and one that holds these values, converted to its dtype. tensor_free
   frees both the tensor and this memory. */
xent_tensor *tensor_new(xent_dtype dtype, int32_t ndim, const int64_t *shape, enum layout layout);
xent_tensor *tensor_of(xent_dtype dtype, int32_t ndim, const int64_t *shape, enum layout layout, const double *values);
void tensor_free(xent_tensor *t);

/* Over the test's own memory; to be destroyed with xent_tensor_destroy. */
xent_tensor *tensor_over(xent_dtype dtype, int32_t ndim, const int64_t *shape, void *data);
xent_tensor *tensor_strided(xent_dtype dtype, int32_t ndim, const int64_t *shape, const int64_t *strides, void *data);

/* The i-th element: its address, its value (exact up to 2^53), its bits. */
void *tensor_at(const xent_tensor *t, int64_t i);
double tensor_get(const xent_tensor *t, int64_t i);
void tensor_set(xent_tensor *t, int64_t i, double value);
uint64_t tensor_bits(const xent_tensor *t, int64_t i);

/* The i-th element has these bits; if not, the test fails. */
void expect_bits(const xent_tensor *t, int64_t i, uint64_t bits);

/* From the lowest to the highest element; *bytes is 0 without elements. */
const void *tensor_span(const xent_tensor *t, size_t *bytes);

#endif
