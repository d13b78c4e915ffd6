#include "tensors.h"

#include <stdlib.h>
#include <string.h>

#include "half.h"

const char *const layout_names[LAYOUTS] = { "row-major", "transposed", "spaced", "reversed" };

static void strides_of(enum layout layout, int32_t ndim, const int64_t *shape, int64_t *strides)
{
    int64_t stride = layout == SPACED ? 3 : layout == REVERSED ? -1 : 1;
    for (int32_t i = 0; i < ndim; i++) {
        const int32_t d = layout == TRANSPOSED ? i : ndim - 1 - i;
        strides[d] = stride;
        stride *= shape[d] > 0 ? shape[d] : 1;
    }
}

/* How far the lowest and the highest element lie from the first one. */
static void span(int32_t ndim, const int64_t *shape, const int64_t *strides, int64_t *lowest, int64_t *highest)
{
    *lowest = *highest = 0;
    for (int32_t d = 0; d < ndim; d++) {
        const int64_t reach = shape[d] > 0 ? (shape[d] - 1) * strides[d] : 0;
        *(reach < 0 ? lowest : highest) += reach;
    }
}

xent_tensor *tensor_new(xent_dtype dtype, int32_t ndim, const int64_t *shape, enum layout layout)
{
    const size_t size = xent_dtype_size(dtype);
    int64_t strides[XENT_MAX_NDIM], lowest, highest;
    strides_of(layout, ndim, shape, strides);
    span(ndim, shape, strides, &lowest, &highest);
    char *memory = calloc((size_t)(highest - lowest) + 1, size);
    assert_non_null(memory);
    return tensor_strided(dtype, ndim, shape, strides, memory - lowest * (int64_t)size);
}

xent_tensor *tensor_of(xent_dtype dtype, int32_t ndim, const int64_t *shape, enum layout layout, const double *values)
{
    xent_tensor *t = tensor_new(dtype, ndim, shape, layout);
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) tensor_set(t, i, values[i]);
    return t;
}

const void *tensor_span(const xent_tensor *t, size_t *bytes)
{
    const size_t size = xent_dtype_size(xent_tensor_dtype(t));
    int64_t lowest, highest;
    span(xent_tensor_ndim(t), xent_tensor_shape(t), xent_tensor_strides(t), &lowest, &highest);
    *bytes = xent_tensor_numel(t) == 0 ? 0 : ((size_t)(highest - lowest) + 1) * size;
    return (const char *)xent_tensor_const_data(t) + lowest * (int64_t)size;
}

void tensor_free(xent_tensor *t)
{
    size_t bytes;
    if (t == NULL) return;
    free((void *)(uintptr_t)tensor_span(t, &bytes));
    xent_tensor_destroy(t);
}

xent_tensor *tensor_over(xent_dtype dtype, int32_t ndim, const int64_t *shape, void *data)
{
    return tensor_strided(dtype, ndim, shape, NULL, data);
}

xent_tensor *tensor_strided(xent_dtype dtype, int32_t ndim, const int64_t *shape, const int64_t *strides, void *data)
{
    xent_tensor *t;
    expect_ok(xent_tensor_wrap(&t, dtype, ndim, shape, strides, data));
    return t;
}

void *tensor_at(const xent_tensor *t, int64_t i)
{
    const int64_t *shape = xent_tensor_shape(t), *strides = xent_tensor_strides(t);
    int64_t offset = 0;
    for (int32_t d = xent_tensor_ndim(t) - 1; d >= 0; d--) {
        offset += i % shape[d] * strides[d];
        i /= shape[d];
    }
    return (char *)xent_tensor_data(t) + offset * (int64_t)xent_dtype_size(xent_tensor_dtype(t));
}

double tensor_get(const xent_tensor *t, int64_t i)
{
    const void *at = tensor_at(t, i);
    switch ((int)xent_tensor_dtype(t)) {
    case XENT_F32: return (double)*(const float *)at;
    case XENT_F64: return *(const double *)at;
    case XENT_F16:
    case XENT_BF16: return half_decode(xent_tensor_dtype(t), *(const uint16_t *)at);
    case XENT_I64: return (double)*(const int64_t *)at;
    case XENT_I32: return (double)*(const int32_t *)at;
    case XENT_I16: return (double)*(const int16_t *)at;
    case XENT_I8: return (double)*(const int8_t *)at;
    case XENT_U8: return (double)*(const uint8_t *)at;
    case XENT_U16: return (double)*(const uint16_t *)at;
    case XENT_U32: return (double)*(const uint32_t *)at;
    case XENT_U64: return (double)*(const uint64_t *)at;
    }
    fail_msg("tensor_get: dtype %d", (int)xent_tensor_dtype(t));
    return 0;
}

void tensor_set(xent_tensor *t, int64_t i, double value)
{
    void *at = tensor_at(t, i);
    switch ((int)xent_tensor_dtype(t)) {
    case XENT_F32: *(float *)at = (float)value; return;
    case XENT_F64: *(double *)at = value; return;
    case XENT_F16:
    case XENT_BF16: *(uint16_t *)at = half_encode(xent_tensor_dtype(t), value); return;
    case XENT_I64: *(int64_t *)at = (int64_t)value; return;
    case XENT_I32: *(int32_t *)at = (int32_t)value; return;
    case XENT_I16: *(int16_t *)at = (int16_t)value; return;
    case XENT_I8: *(int8_t *)at = (int8_t)value; return;
    case XENT_U8: *(uint8_t *)at = (uint8_t)value; return;
    case XENT_U16: *(uint16_t *)at = (uint16_t)value; return;
    case XENT_U32: *(uint32_t *)at = (uint32_t)value; return;
    case XENT_U64: *(uint64_t *)at = (uint64_t)value; return;
    }
    fail_msg("tensor_set: dtype %d", (int)xent_tensor_dtype(t));
}

uint64_t tensor_bits(const xent_tensor *t, int64_t i)
{
    uint16_t quarter;
    uint32_t half;
    uint64_t bits;
    switch (xent_dtype_size(xent_tensor_dtype(t))) {
    case sizeof bits: memcpy(&bits, tensor_at(t, i), sizeof bits); return bits;
    case sizeof half: memcpy(&half, tensor_at(t, i), sizeof half); return half;
    case sizeof quarter: memcpy(&quarter, tensor_at(t, i), sizeof quarter); return quarter;
    }
    fail_msg("tensor_bits: dtype %d", (int)xent_tensor_dtype(t));
    return 0;
}

void expect_bits(const xent_tensor *t, int64_t i, uint64_t bits)
{
    if (tensor_bits(t, i) != bits)
        fail_msg("element %lld of dtype %d has the bits %llx, expected %llx", (long long)i, (int)xent_tensor_dtype(t),
                 (unsigned long long)tensor_bits(t, i), (unsigned long long)bits);
}
