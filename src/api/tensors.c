/* Public tensor functions: making a handle, looking at one, and freeing it. What a handle must know is args/tensor.c's. */
#include <stdlib.h>

#include "args/check.h"
#include "args/element.h"
#include "args/errors.h"
#include "args/tensor.h"

#define ALIGNMENT 64 /* of memory that a tensor owns: a cache line, and a vector of any backend */

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
    XENT_TRY(xent_tensor_set_shape(&t, dtype, ndim, shape));
    (void)xent_tensor_set_span(&t); /* cannot fail: the strides are those of the shape, whose bytes have been counted */
    /* handle and memory in one piece; calloc leaves large memory to be zeroed when it is first touched */
    if (__builtin_add_overflow((size_t)t.end, sizeof t + ALIGNMENT, &bytes) || (made = calloc(1, bytes)) == NULL)
        return xent_fail(XENT_ERROR_NO_MEMORY, "%lld bytes for a tensor could not be allocated", (long long)t.end);
    t.owner = true;
    xent_tensor_place(&t, (char *)(made + 1) + (ALIGNMENT - (uintptr_t)(made + 1) % ALIGNMENT) % ALIGNMENT);
    *made = t;
    *out = made;
    return XENT_OK;
}

static xent_status wrap(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape, const int64_t *strides,
                        void *data, bool read_only)
{
    struct xent_tensor t, *made;
    XENT_TRY(check_arguments(out, ndim, shape));
    XENT_TRY(xent_tensor_set_shape(&t, dtype, ndim, shape));
    for (int32_t d = 0; d < ndim && strides != NULL; d++) t.strides[d] = strides[d];
    XENT_TRY(xent_tensor_set_span(&t));
    XENT_TRY(xent_tensor_check_data(&t, data));
    t.read_only = read_only;
    xent_tensor_place(&t, data);
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
    XENT_TRY(xent_tensor_check_data(t, data));
    xent_tensor_place(t, data);
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
