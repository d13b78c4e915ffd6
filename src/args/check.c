/* The messages of checks that have failed, and the checks that are no single comparison. */
#include "args/check.h"

#include <stdio.h>

#include "args/element.h"

xent_status xent_fail_null(const char *name) { return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "%s is NULL", name); }

xent_status xent_fail_floating(const char *name, const struct xent_tensor *tensor)
{
    return xent_fail(XENT_ERROR_DTYPE, "%s has dtype %s, expected a floating one", name, xent_element_name(tensor->dtype));
}

xent_status xent_fail_same_dtype(const char *name, const struct xent_tensor *tensor, const char *model_name,
                                 const struct xent_tensor *model)
{
    return xent_fail(XENT_ERROR_DTYPE, "%s has dtype %s, expected %s, that of %s", name, xent_element_name(tensor->dtype),
                     xent_element_name(model->dtype), model_name);
}

xent_status xent_fail_axis(const char *name, const struct xent_tensor *tensor, int32_t axis)
{
    int32_t ndim = tensor->ndim;
    if (ndim == 0)
        return xent_fail(XENT_ERROR_SHAPE, "%s has rank 0, expected 1 to %d: it has no class axis", name, XENT_MAX_NDIM);
    return xent_fail(XENT_ERROR_SHAPE, "axis is %d, expected %d to %d: %s has rank %d", (int)axis, -(int)ndim, (int)ndim - 1,
                     name, (int)ndim);
}

#define SHAPE_TEXT 64 /* at most 61: extents whose product is no more than a ptrdiff_t, and one more, a shard's classes */

/* "(2, 3)" */
static void describe_shape(char *text, const struct xent_tensor *tensor, int32_t axis)
{
    size_t used = (size_t)snprintf(text, SHAPE_TEXT, "(");
    const char *separator = "";
    for (int32_t d = 0; d < tensor->ndim; d++) {
        if (d == axis) continue;
        used += (size_t)snprintf(text + used, SHAPE_TEXT - used, "%s%lld", separator, (long long)tensor->shape[d]);
        separator = ", ";
    }
    (void)snprintf(text + used, SHAPE_TEXT - used, ")");
}

xent_status xent_fail_shape(const char *name, const struct xent_tensor *tensor, const struct xent_tensor *model, int32_t axis,
                            const char *reason)
{
    char found[SHAPE_TEXT], expected[SHAPE_TEXT];
    describe_shape(found, tensor, XENT_NO_AXIS);
    describe_shape(expected, model, axis);
    return xent_fail(XENT_ERROR_SHAPE, "%s has shape %s, expected %s, %s", name, found, expected, reason);
}

xent_status xent_fail_one_element(const char *name, const struct xent_tensor *tensor, const char *reason)
{
    return xent_fail(XENT_ERROR_SHAPE, "%s has %lld elements, expected exactly 1, %s", name, (long long)tensor->numel, reason);
}

bool xent_has_rows(const struct xent_tensor *tensor, int32_t axis)
{
    for (int32_t d = 0; d < tensor->ndim; d++)
        if (d != axis && tensor->shape[d] == 0) return false;
    return true;
}

xent_status xent_fail_no_classes(const char *name, int32_t axis)
{
    return xent_fail(XENT_ERROR_SHAPE, "%s has no classes: axis %d has extent 0, expected at least 1", name, (int)axis);
}

xent_status xent_check_weight_shape(const struct xent_tensor *class_weight, int64_t classes)
{
    char found[SHAPE_TEXT];
    if (class_weight->ndim == 1 && class_weight->shape[0] == classes) return XENT_OK;
    describe_shape(found, class_weight, XENT_NO_AXIS);
    return xent_fail(XENT_ERROR_SHAPE, "class_weight has shape %s, expected (%lld), one for each class", found,
                     (long long)classes);
}

xent_status xent_check_weight_rank(const struct xent_tensor *class_weight)
{
    if (class_weight->ndim == 1) return XENT_OK;
    return xent_fail(XENT_ERROR_SHAPE, "class_weight has rank %d, expected 1: one weight for each class",
                     (int)class_weight->ndim);
}

xent_status xent_fail_output(const char *name, const struct xent_tensor *tensor)
{
    if (tensor->read_only)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "%s is read-only (made by xent_tensor_wrap_const), expected an output",
                         name);
    return xent_fail(XENT_ERROR_OVERLAP, "%s overlaps itself: by its strides, elements may share memory", name);
}

/* Whose shapes have been found the same before. */
static bool same_place(const struct xent_tensor *a, const struct xent_tensor *b)
{
    if (a->data != b->data || a->dtype != b->dtype) return false;
    for (int32_t d = 0; d < a->ndim; d++)
        if (a->step[d] != b->step[d]) return false;
    return true;
}

xent_status xent_fail_overlapping(const char *name, const struct xent_tensor *tensor, const char *other_name,
                                  const struct xent_tensor *other, bool in_place)
{
    if (!in_place) return xent_fail(XENT_ERROR_OVERLAP, "%s overlaps %s", name, other_name);
    if (same_place(tensor, other)) return XENT_OK;
    return xent_fail(XENT_ERROR_OVERLAP, "%s overlaps %s but is not in its place: data, dtype, shape and strides must agree",
                     name, other_name);
}
