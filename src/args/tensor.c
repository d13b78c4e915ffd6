/* What a tensor handle knows of its shape, strides and memory, found once when it is made: the checks of a call are then
 * comparisons. Nothing is allocated here. */
#include "args/tensor.h"

#include "args/check.h"
#include "args/element.h"
#include "args/errors.h"

xent_status xent_tensor_set_shape(struct xent_tensor *t, xent_dtype dtype, int32_t ndim, const int64_t *shape)
{
    ptrdiff_t bytes = (ptrdiff_t)xent_element_size(dtype);
    int64_t stride = 1;
    if (bytes == 0) return xent_fail(XENT_ERROR_DTYPE, "dtype is %d, expected an xent_dtype", (int)dtype);
    if (ndim < 0 || ndim > XENT_MAX_NDIM)
        return xent_fail(XENT_ERROR_SHAPE, "ndim is %d, expected 0 to %d", (int)ndim, XENT_MAX_NDIM);
    for (int32_t d = 0; d < ndim; d++)
        if (shape[d] < 0) return xent_fail(XENT_ERROR_SHAPE, "shape[%d] is %lld, expected >= 0", (int)d, (long long)shape[d]);
    *t = (struct xent_tensor){
        .dtype = dtype, .ndim = ndim, .floating = xent_element_is_floating(dtype), .numel = 1, .size = (size_t)bytes
    };
    for (int32_t d = ndim - 1; d >= 0; d--) {
        int64_t extent = shape[d] > 1 ? shape[d] : 1;
        t->shape[d] = shape[d];
        t->strides[d] = stride;
        if (__builtin_mul_overflow(bytes, extent, &bytes))
            return xent_fail(XENT_ERROR_OVERFLOW, "shape has a product of extents that exceeds %lld bytes of %s elements",
                             (long long)PTRDIFF_MAX, xent_element_name(dtype));
        stride *= extent;
        t->numel *= shape[d];
    }
    return XENT_OK;
}

static int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

/* Sorted by |stride|, each dimension must step over all that the smaller ones span. Without elements, strides mean nothing. */
static bool distinct(const struct xent_tensor *tensor)
{
    int32_t order[XENT_MAX_NDIM], used = 0;
    int64_t span = 0;
    if (tensor->numel == 0) return true;
    for (int32_t d = 0; d < tensor->ndim; d++) {
        int32_t at = used;
        if (tensor->shape[d] == 1) continue;
        for (; at > 0 && magnitude(tensor->strides[order[at - 1]]) > magnitude(tensor->strides[d]); at--)
            order[at] = order[at - 1];
        order[at] = d;
        used++;
    }
    for (int32_t i = 0; i < used; i++) {
        int64_t stride = magnitude(tensor->strides[order[i]]);
        if (stride <= span) return false;
        span += (tensor->shape[order[i]] - 1) * stride;
    }
    return true;
}

xent_status xent_tensor_set_span(struct xent_tensor *t)
{
    ptrdiff_t size = (ptrdiff_t)t->size, lowest = 0, highest = 0, end, span;
    for (int32_t d = 0; d < t->ndim && t->numel > 0; d++) {
        ptrdiff_t reach;
        ptrdiff_t *side = t->strides[d] < 0 ? &lowest : &highest;
        if (t->shape[d] == 1) continue;
        if (__builtin_mul_overflow(t->shape[d] - 1, t->strides[d], &reach) || __builtin_mul_overflow(reach, size, &reach) ||
            __builtin_add_overflow(*side, reach, side))
            return xent_fail(XENT_ERROR_OVERFLOW,
                             "strides[%d] is %lld: with extent %lld it reaches offsets that exceed %lld bytes", (int)d,
                             (long long)t->strides[d], (long long)t->shape[d], (long long)PTRDIFF_MAX);
        t->step[d] = (ptrdiff_t)t->strides[d] * size;
    }
    if (__builtin_add_overflow(highest, size, &end) || __builtin_sub_overflow(end, lowest, &span))
        return xent_fail(XENT_ERROR_OVERFLOW, "strides span more than %lld bytes", (long long)PTRDIFF_MAX);
    t->lowest = lowest;
    t->end = t->numel > 0 ? end : 0;
    t->distinct = distinct(t);
    return XENT_OK;
}

void xent_tensor_place(struct xent_tensor *t, void *data)
{
    bool empty = t->numel == 0;
    t->data = data;
    t->first_byte = empty ? UINTPTR_MAX : (uintptr_t)data + (uintptr_t)t->lowest;
    t->last_byte = empty ? 0 : (uintptr_t)data + (uintptr_t)t->end - 1;
}

xent_status xent_tensor_check_data(const struct xent_tensor *t, const void *data)
{
    size_t alignment = xent_element_alignment(t->dtype);
    if (data == NULL && t->numel > 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "data is NULL, expected memory for %lld elements", (long long)t->numel);
    if ((uintptr_t)data % alignment != 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT,
                         "data is misaligned: its address is %zu beyond a multiple of %zu, the alignment of %s",
                         (size_t)((uintptr_t)data % alignment), alignment, xent_element_name(t->dtype));
    return XENT_OK;
}
