/* The checks that operations share, each with its message. `name` is the argument's name in the public header. */
#ifndef XENT_ARGS_CHECK_H
#define XENT_ARGS_CHECK_H

#include "args/errors.h"
#include "args/tensor.h"
#include "args/walk.h"

#define XENT_TRY(check)                                                                                                        \
    do {                                                                                                                       \
        xent_status try_status = (check);                                                                                      \
        if (try_status != XENT_OK) return try_status;                                                                          \
    } while (0)

/* A check is a comparison in its caller; what fails goes to a function that writes the message and returns the status. */
XENT_COLD xent_status xent_fail_null(const char *name);
XENT_COLD xent_status xent_fail_floating(const char *name, const struct xent_tensor *tensor);
XENT_COLD xent_status xent_fail_same_dtype(const char *name, const struct xent_tensor *tensor, const char *model_name,
                                           const struct xent_tensor *model);
XENT_COLD xent_status xent_fail_axis(const char *name, const struct xent_tensor *tensor, int32_t axis);
XENT_COLD xent_status xent_fail_shape(const char *name, const struct xent_tensor *tensor, const struct xent_tensor *model,
                                      int32_t axis, const char *reason);
XENT_COLD xent_status xent_fail_one_element(const char *name, const struct xent_tensor *tensor, const char *reason);
XENT_COLD xent_status xent_fail_output(const char *name, const struct xent_tensor *tensor);

static inline xent_status xent_check_not_null(const char *name, const void *pointer)
{
    return pointer != NULL ? XENT_OK : xent_fail_null(name);
}

static inline xent_status xent_check_floating(const char *name, const struct xent_tensor *tensor)
{
    return tensor->floating ? XENT_OK : xent_fail_floating(name, tensor);
}

static inline xent_status xent_check_same_dtype(const char *name, const struct xent_tensor *tensor, const char *model_name,
                                                const struct xent_tensor *model)
{
    return tensor->dtype == model->dtype ? XENT_OK : xent_fail_same_dtype(name, tensor, model_name, model);
}

/* *resolved = the axis as a dimension of the tensor. */
static inline xent_status xent_check_axis(const char *name, const struct xent_tensor *tensor, int32_t axis, int32_t *resolved)
{
    int32_t ndim = tensor->ndim;
    *resolved = axis == XENT_AXIS_DEFAULT ? ndim > 1 : axis < 0 ? axis + ndim : axis;
    return *resolved >= 0 && *resolved < ndim ? XENT_OK : xent_fail_axis(name, tensor, axis);
}

/* `axis` of the model is left out, unless it is XENT_NO_AXIS. */
static inline bool xent_same_shape(const struct xent_tensor *tensor, const struct xent_tensor *model, int32_t axis)
{
    int32_t ndim = tensor->ndim;
    if (ndim != model->ndim - (axis < model->ndim)) return false;
    for (int32_t d = 0; d < ndim; d++)
        if (tensor->shape[d] != model->shape[d + (d >= axis)]) return false;
    return true;
}

/* `tensor` has the shape of `model`, without its dimension `axis` unless that is XENT_NO_AXIS; `reason` ends the message. */
static inline xent_status xent_check_shape(const char *name, const struct xent_tensor *tensor, const struct xent_tensor *model,
                                           int32_t axis, const char *reason)
{
    return xent_same_shape(tensor, model, axis) ? XENT_OK : xent_fail_shape(name, tensor, model, axis, reason);
}

static inline xent_status xent_check_one_element(const char *name, const struct xent_tensor *tensor, const char *reason)
{
    return tensor->numel == 1 ? XENT_OK : xent_fail_one_element(name, tensor, reason);
}

/* At least one class, unless there are no rows. */
xent_status xent_fail_no_classes(const char *name, int32_t axis);
bool xent_has_rows(const struct xent_tensor *tensor, int32_t axis);

static inline xent_status xent_check_class_count(const char *name, const struct xent_tensor *tensor, int32_t axis)
{
    return tensor->shape[axis] > 0 || !xent_has_rows(tensor, axis) ? XENT_OK : xent_fail_no_classes(name, axis);
}

/* Shape (C). */
xent_status xent_check_weight_shape(const struct xent_tensor *class_weight, int64_t classes);
/* Shape (C) for whatever C. */
xent_status xent_check_weight_rank(const struct xent_tensor *class_weight);

/* Outputs: `tensor` may be written to and no two of its elements share memory ... */
static inline xent_status xent_check_output(const char *name, const struct xent_tensor *tensor)
{
    return tensor->distinct && !tensor->read_only ? XENT_OK : xent_fail_output(name, tensor);
}

/* ... and it overlaps nothing of `other` (NULL: nothing to overlap), unless in_place allows them to be the same; their shapes
   are then known to agree. Two that overlap go to a function that tells whether they are the same. */
xent_status xent_fail_overlapping(const char *name, const struct xent_tensor *tensor, const char *other_name,
                                  const struct xent_tensor *other, bool in_place);

static inline xent_status xent_check_apart(const char *name, const struct xent_tensor *tensor, const char *other_name,
                                           const struct xent_tensor *other, bool in_place)
{
    if (other == NULL || !xent_tensors_overlap(tensor, other)) return XENT_OK;
    return xent_fail_overlapping(name, tensor, other_name, other, in_place);
}

#endif
