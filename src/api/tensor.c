#include "core/tensor.h"

#include <stdlib.h>

#include "core/check.h"
#include "core/element.h"
#include "core/errors.h"

#define ALIGNMENT 64

/* Shape and row-major strides; the extents' product and the bytes it takes must be addressable. */
static xent_status set_shape(struct xent_tensor *t, xent_dtype dtype, int32_t ndim, const int64_t *shape)
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

/* Steps, and bytes from data to the lowest and behind the highest element. */
static xent_status set_span(struct xent_tensor *t)
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

static void place_data(struct xent_tensor *t, void *data)
{
    bool empty = t->numel == 0;
    t->data = data;
    t->first_byte = empty ? UINTPTR_MAX : (uintptr_t)data + (uintptr_t)t->lowest;
    t->last_byte = empty ? 0 : (uintptr_t)data + (uintptr_t)t->end - 1;
}

static xent_status check_data(const struct xent_tensor *t, const void *data)
{
    size_t size = t->size;
    if (data == NULL && t->numel > 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "data is NULL, expected memory for %lld elements", (long long)t->numel);
    if ((uintptr_t)data % size != 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT,
                         "data is misaligned: its address is %zu beyond a multiple of %zu, the size of %s",
                         (size_t)((uintptr_t)data % size), size, xent_element_name(t->dtype));
    return XENT_OK;
}

static xent_status check_arguments(xent_tensor **out, int32_t ndim, const int64_t *shape)
{
    XENT_TRY(xent_check_not_null("out", out));
    *out = NULL;
    return ndim == 0 ? XENT_OK : xent_check_not_null("shape", shape);
}

xent_status xent_tensor_create(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape)
{
    struct xent_tensor t, *made;
    size_t bytes;
    XENT_TRY(check_arguments(out, ndim, shape));
    XENT_TRY(set_shape(&t, dtype, ndim, shape));
    XENT_TRY(set_span(&t));
    /* handle and memory in one piece; calloc leaves large memory to be zeroed when it is first touched */
    if (__builtin_add_overflow((size_t)t.end, sizeof t + ALIGNMENT, &bytes) || (made = calloc(1, bytes)) == NULL)
        return xent_fail(XENT_ERROR_NO_MEMORY, "%lld bytes for a tensor could not be allocated", (long long)t.end);
    t.owner = true;
    place_data(&t, (char *)(made + 1) + (ALIGNMENT - (uintptr_t)(made + 1) % ALIGNMENT) % ALIGNMENT);
    *made = t;
    *out = made;
    return XENT_OK;
}

static xent_status wrap(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape, const int64_t *strides,
                        void *data, bool read_only)
{
    struct xent_tensor t, *made;
    XENT_TRY(check_arguments(out, ndim, shape));
    XENT_TRY(set_shape(&t, dtype, ndim, shape));
    for (int32_t d = 0; d < ndim && strides != NULL; d++) t.strides[d] = strides[d];
    XENT_TRY(set_span(&t));
    XENT_TRY(check_data(&t, data));
    t.read_only = read_only;
    place_data(&t, data);
    made = malloc(sizeof *made);
    if (made == NULL) return xent_fail(XENT_ERROR_NO_MEMORY, "%zu bytes for a tensor could not be allocated", sizeof *made);
    *made = t;
    *out = made;
    return XENT_OK;
}

xent_status xent_tensor_wrap(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape, const int64_t *strides,
                             void *data)
{
    return wrap(out, dtype, ndim, shape, strides, data, false);
}

xent_status xent_tensor_wrap_const(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape,
                                   const int64_t *strides, const void *data)
{
    /* never written to: outputs are refused by read_only, and xent_tensor_data gives it to nobody */
    return wrap(out, dtype, ndim, shape, strides, (void *)(uintptr_t)data, true);
}

xent_status xent_tensor_set_data(xent_tensor *t, void *data)
{
    XENT_TRY(xent_check_not_null("t", t));
    if (t->owner)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT,
                         "t owns its memory (made by xent_tensor_create), expected a wrapped tensor");
    XENT_TRY(check_data(t, data));
    place_data(t, data);
    return XENT_OK;
}

void xent_tensor_destroy(xent_tensor *t) { free(t); }

xent_dtype xent_tensor_dtype(const xent_tensor *t) { return t == NULL ? (xent_dtype)0 : t->dtype; }

int32_t xent_tensor_ndim(const xent_tensor *t) { return t == NULL ? 0 : t->ndim; }

const int64_t *xent_tensor_shape(const xent_tensor *t) { return t == NULL ? NULL : t->shape; }

const int64_t *xent_tensor_strides(const xent_tensor *t) { return t == NULL ? NULL : t->strides; }

int64_t xent_tensor_numel(const xent_tensor *t) { return t == NULL ? 0 : t->numel; }

void *xent_tensor_data(const xent_tensor *t) { return t == NULL || t->read_only ? NULL : t->data; }

const void *xent_tensor_const_data(const xent_tensor *t) { return t == NULL ? NULL : t->data; }

size_t xent_dtype_size(xent_dtype dtype) { return xent_element_size(dtype); }
