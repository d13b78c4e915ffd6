/* The rows of an array in a file: read in place, or from a copy where the file does not align them. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"

void rows_init(struct rows *rows, struct mapped_file *file, const struct array *array, int32_t axis)
{
    *rows = (struct rows){ .file = file, .dtype = array->dtype, .offset = array->offset };
    rows->classes = array->shape[axis];
    rows->class_stride = array->strides[axis];
    for (int32_t k = 0; k < array->ndim; k++) {
        const int64_t extent = array->shape[k], stride = array->strides[k];
        if (k == axis || extent == 1) continue;
        if (rows->ndim > 0 && rows->strides[rows->ndim - 1] == extent * stride) {
            rows->shape[rows->ndim - 1] *= extent;
            rows->strides[rows->ndim - 1] = stride;
        } else {
            rows->shape[rows->ndim] = extent;
            rows->strides[rows->ndim++] = stride;
        }
    }
}

void rows_destroy(struct rows *rows)
{
    xent_tensor_destroy(rows->block);
    free(rows->copy);
}

int64_t rows_run(const struct rows *rows, int64_t first)
{
    const int64_t extent = rows->ndim > 0 ? rows->shape[rows->ndim - 1] : 1;
    return extent - first % extent;
}

/* In elements, from the array's first. */
static int64_t row_offset(const struct rows *rows, int64_t row)
{
    int64_t offset = 0;
    for (int32_t k = rows->ndim; k-- > 0; row /= rows->shape[k]) offset += row % rows->shape[k] * rows->strides[k];
    return offset;
}

static const void *copy_block(struct rows *rows, const unsigned char *from, int64_t count, const int64_t strides[2])
{
    const size_t size = xent_dtype_size(rows->dtype), row_size = (size_t)rows->classes * size;
    if (rows->copy_size < (size_t)count * row_size) {
        free(rows->copy);
        rows->copy_size = (size_t)count * row_size;
        rows->copy = allocate(rows->copy_size, 1);
    }
    for (int64_t row = 0; row < count; row++) {
        unsigned char *to = rows->copy + (size_t)row * row_size;
        const unsigned char *at = from + (size_t)(row * strides[0]) * size;
        if (strides[1] == 1) {
            memcpy(to, at, row_size);
            continue;
        }
        for (int64_t c = 0; c < rows->classes; c++) memcpy(to + (size_t)c * size, at + (size_t)(c * strides[1]) * size, size);
    }
    return rows->copy;
}

const xent_tensor *rows_block(struct rows *rows, int64_t first, int64_t count)
{
    const uint64_t size = xent_dtype_size(rows->dtype);
    const int64_t shape[2] = { count, rows->classes };
    const int64_t strides[2] = { rows->ndim > 0 ? rows->strides[rows->ndim - 1] : 0, rows->class_stride };
    const uint64_t span = (uint64_t)((count - 1) * strides[0] + (rows->classes - 1) * strides[1]) + 1;
    const unsigned char *bytes = file_bytes(rows->file, rows->offset + (uint64_t)row_offset(rows, first) * size, span * size);
    const bool aligned = (uintptr_t)bytes % size == 0;
    xent_tensor_destroy(rows->block);
    must(xent_tensor_wrap_const(&rows->block, rows->dtype, 2, shape, aligned ? strides : NULL,
                                aligned ? bytes : copy_block(rows, bytes, count, strides)));
    return rows->block;
}
