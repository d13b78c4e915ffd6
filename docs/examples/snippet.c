/* See snippet.h.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 */
#include "snippet.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    xent_tensor *tensor;
    void *memory; /* what the tensor borrows, or NULL */
} made[64];
static size_t count;

static xent_tensor *keep(xent_tensor *t, void *memory)
{
    if (count == sizeof made / sizeof made[0]) abort();
    made[count].tensor = t;
    made[count++].memory = memory;
    return t;
}

void release(void)
{
    while (count > 0) {
        xent_tensor_destroy(made[--count].tensor);
        free(made[count].memory);
    }
}

static double element(xent_dtype dtype, const void *x, int64_t i)
{
    return dtype == XENT_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

int multiply(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a, int64_t lda,
             xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc)
{
    (void)user;
    if (a_type != b_type || a_type > XENT_F64) return 1;
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = beta == 0 ? 0 : element(a_type, c, i * ldc + j);
            for (int64_t l = 0; l < k; l++)
                sum += element(a_type, a, transpose & 1 ? l * lda + i : i * lda + l) *
                       element(b_type, b, transpose & 2 ? j * ldb + l : l * ldb + j);
            if (a_type == XENT_F32)
                ((float *)c)[i * ldc + j] = (float)sum;
            else
                ((double *)c)[i * ldc + j] = sum;
        }
    }
    return 0;
}

void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    exit(EXIT_FAILURE);
}

void refused(xent_status status)
{
    if (status == XENT_OK)
        puts("not refused");
    else
        printf("%s: %s\n", xent_status_name(status), xent_error_message());
}

void backwards(void *tasks, int64_t n, xent_parallel_body body, void *ctx)
{
    *(int64_t *)tasks += n;
    while (n > 0) body(ctx, --n);
}

/* The upper half of the nearest F32, to nearest even; a NaN keeps its upper half. */
static uint16_t to_bf16(double x)
{
    const float f = (float)x;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    if (x == x) bits += 0x7fff + (bits >> 16 & 1);
    return (uint16_t)(bits >> 16);
}

static double from_bf16(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static void set(void *data, xent_dtype dtype, int64_t i, double x)
{
    switch (dtype) {
    case XENT_F32: ((float *)data)[i] = (float)x; break;
    case XENT_F64: ((double *)data)[i] = x; break;
    case XENT_BF16: ((uint16_t *)data)[i] = to_bf16(x); break;
    case XENT_I64: ((int64_t *)data)[i] = (int64_t)x; break;
    case XENT_I32: ((int32_t *)data)[i] = (int32_t)x; break;
    case XENT_I16: ((int16_t *)data)[i] = (int16_t)x; break;
    case XENT_I8: ((int8_t *)data)[i] = (int8_t)x; break;
    case XENT_U8: ((uint8_t *)data)[i] = (uint8_t)x; break;
    case XENT_U16: ((uint16_t *)data)[i] = (uint16_t)x; break;
    case XENT_U32: ((uint32_t *)data)[i] = (uint32_t)x; break;
    case XENT_U64: ((uint64_t *)data)[i] = (uint64_t)x; break;
    default: abort();
    }
}

/* Of a floating element, or a class index. */
static double get(const xent_tensor *t, int64_t i)
{
    const void *data = xent_tensor_const_data(t);
    switch (xent_tensor_dtype(t)) {
    case XENT_F32: return ((const float *)data)[i];
    case XENT_F64: return ((const double *)data)[i];
    case XENT_BF16: return from_bf16(((const uint16_t *)data)[i]);
    case XENT_I64: return (double)((const int64_t *)data)[i];
    case XENT_I32: return ((const int32_t *)data)[i];
    default: abort();
    }
}

xent_tensor *make(xent_dtype dtype, int32_t ndim, const int64_t *shape, const double *elements)
{
    xent_tensor *t;
    must(xent_tensor_create(&t, dtype, ndim, shape));
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) set(xent_tensor_data(t), dtype, i, elements[i]);
    return keep(t, NULL);
}

xent_tensor *noise(int32_t ndim, const int64_t *shape)
{
    xent_tensor *t;
    must(xent_tensor_create(&t, XENT_F32, ndim, shape));
    float *data = xent_tensor_data(t);
    uint32_t state = 1;
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) {
        state = state * 1664525 + 1013904223; /* Numerical Recipes' generator */
        data[i] = ((float)(state >> 8) - 8388608.0f) * 0x1p-20f;
    }
    return keep(t, NULL);
}

xent_tensor *laid_out(const xent_tensor *row_major, int32_t axis)
{
    const int32_t ndim = xent_tensor_ndim(row_major);
    const int64_t *shape = xent_tensor_shape(row_major), *from = xent_tensor_strides(row_major);
    const float *elements = xent_tensor_const_data(row_major);
    float *data = malloc((size_t)xent_tensor_numel(row_major) * sizeof(float) + 1);
    if (data == NULL) abort();

    int64_t strides[XENT_MAX_NDIM], span = shape[axis];
    for (int32_t d = ndim; d-- > 0;) {
        strides[d] = d == axis ? 1 : span;
        if (d != axis) span *= shape[d];
    }
    for (int64_t i = 0; i < xent_tensor_numel(row_major); i++) {
        int64_t to = 0;
        for (int32_t d = 0; d < ndim; d++) to += i / from[d] % shape[d] * strides[d];
        data[to] = elements[i];
    }
    xent_tensor *t;
    must(xent_tensor_wrap(&t, XENT_F32, ndim, shape, strides, data));
    return keep(t, data);
}

void show_all(const xent_tensor *const *tensors)
{
    for (size_t k = 0; tensors[k] != NULL; k++) {
        if (k != 0) printf(", ");
        for (int64_t i = 0; i < xent_tensor_numel(tensors[k]); i++) printf("%s%.6g", i == 0 ? "" : " ", get(tensors[k], i));
    }
    printf("\n");
}

void show_bits(const xent_tensor *t)
{
    const float *data = xent_tensor_const_data(t);
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) {
        uint32_t bits;
        memcpy(&bits, data + i, sizeof bits);
        printf("%s%08x", i == 0 ? "" : " ", (unsigned)bits);
    }
    printf("\n");
}

int same_bits(const xent_tensor *a, const xent_tensor *b)
{
    const size_t bytes = (size_t)xent_tensor_numel(a) * xent_dtype_size(xent_tensor_dtype(a));
    return xent_tensor_dtype(a) == xent_tensor_dtype(b) && xent_tensor_numel(a) == xent_tensor_numel(b) &&
           memcmp(xent_tensor_const_data(a), xent_tensor_const_data(b), bytes) == 0;
}
