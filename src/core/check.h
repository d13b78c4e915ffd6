/* The checks that operations share, each with its message. `name` is the argument's name in the public header. */
#ifndef XENT_CORE_CHECK_H
#define XENT_CORE_CHECK_H

#include "core/tensor.h"

#define XENT_TRY(check)                                                                                                        \
    do {                                                                                                                       \
        xent_status try_status = (check);                                                                                      \
        if (try_status != XENT_OK) return try_status;                                                                          \
    } while (0)

xent_status xent_check_not_null(const char *name, const void *pointer);

xent_status xent_check_floating(const char *name, const struct xent_tensor *tensor);
xent_status xent_check_same_dtype(const char *name, const struct xent_tensor *tensor, const char *model_name,
                                  const struct xent_tensor *model);

/* *resolved = the axis as a dimension of the tensor. */
xent_status xent_check_axis(const char *name, const struct xent_tensor *tensor, int32_t axis, int32_t *resolved);
/* `tensor` has the shape of `model`, without its dimension `axis` unless that is XENT_NO_AXIS; `reason` ends the message. */
xent_status xent_check_shape(const char *name, const struct xent_tensor *tensor, const struct xent_tensor *model, int32_t axis,
                             const char *reason);
xent_status xent_check_one_element(const char *name, const struct xent_tensor *tensor, const char *reason);

/* At least one class, unless there are no rows. */
xent_status xent_check_class_count(const char *name, const struct xent_tensor *tensor, int32_t axis);
/* Shape (C); NULL is fine. */
xent_status xent_check_weight_shape(const struct xent_tensor *class_weight, int64_t classes);
/* Shape (C) for whatever C. */
xent_status xent_check_weight_rank(const struct xent_tensor *class_weight);

/* The product of the extents without the class axis. */
int64_t xent_row_count(const struct xent_tensor *tensor, int32_t axis);

/* Outputs: `tensor` may be written to and no two of its elements share memory ... */
xent_status xent_check_output(const char *name, const struct xent_tensor *tensor);
/* ... and it overlaps nothing of `other` (NULL: nothing to overlap), unless in_place allows them to be the same; their dtypes and
   shapes are then known to agree. */
xent_status xent_check_apart(const char *name, const struct xent_tensor *tensor, const char *other_name,
                             const struct xent_tensor *other, bool in_place);

#endif
