/* What a tensor handle points to. */
#ifndef XENT_ARGS_TENSOR_H
#define XENT_ARGS_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "xent.h"

/* What follows from shape, strides and data is in the handle, so that a call's checks are comparisons. */
struct xent_tensor {
    xent_dtype dtype;
    int32_t ndim;
    bool floating;
    bool distinct; /* by its strides, no two elements share memory */
    bool read_only;
    bool owner; /* its memory is part of the handle's own allocation */
    int64_t shape[XENT_MAX_NDIM];
    int64_t strides[XENT_MAX_NDIM]; /* in elements */
    ptrdiff_t step[XENT_MAX_NDIM]; /* bytes from one index of a dimension to the next; 0 where there is no next: then the stride
                                       may be any number */
    int64_t numel;
    size_t size;      /* bytes of an element */
    ptrdiff_t lowest; /* bytes from data to the lowest element, <= 0 */
    ptrdiff_t end;    /* bytes from data to behind the highest element; 0 if there are no elements */
    void *data;
    uintptr_t first_byte, last_byte; /* of all elements; where there are none, UINTPTR_MAX and 0, which overlap nothing */
};

static inline bool xent_tensors_overlap(const struct xent_tensor *a, const struct xent_tensor *b)
{
    return a->first_byte <= b->last_byte && b->first_byte <= a->last_byte;
}

/* The steps of making one, in this order; each may fail, and none allocates. Shape and row-major strides: the extents' product and
   the bytes it takes must be addressable. */
xent_status xent_tensor_set_shape(struct xent_tensor *t, xent_dtype dtype, int32_t ndim, const int64_t *shape);

/* What follows from the strides: steps, the bytes from data to the lowest and behind the highest element, `distinct`. */
xent_status xent_tensor_set_span(struct xent_tensor *t);

/* Memory for the elements, aligned as they need it. */
xent_status xent_tensor_check_data(const struct xent_tensor *t, const void *data);

/* Points the handle at memory that has been checked. */
void xent_tensor_place(struct xent_tensor *t, void *data);

#endif
