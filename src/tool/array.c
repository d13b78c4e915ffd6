/* Types, shapes and strides of arrays in files. */
#include "array.h"

#include <stdio.h>
#include <string.h>

bool array_lay_out(struct array *array, bool column_major, uint64_t *bytes, struct reason *why)
{
    const uint64_t size = xent_dtype_size(array->dtype);
    uint64_t stride = 1;
    bool empty = false;
    for (int32_t k = 0; k < array->ndim; k++) {
        const int32_t dim = column_major ? k : array->ndim - 1 - k;
        const uint64_t extent = (uint64_t)array->shape[dim];
        array->strides[dim] = (int64_t)stride;
        if (extent == 0) {
            empty = true;
        } else if (stride > (uint64_t)INT64_MAX / size / extent) {
            return refuse(why, "shape %s has more elements than a file can hold", shape_text(array->ndim, array->shape).text);
        } else {
            stride *= extent;
        }
    }
    *bytes = empty ? 0 : stride * size;
    return true;
}

static const struct {
    const char *name;
    xent_dtype dtype;
} dtypes[] = {
    { "F32", XENT_F32 }, { "F64", XENT_F64 }, { "F16", XENT_F16 }, { "BF16", XENT_BF16 },
    { "I64", XENT_I64 }, { "I32", XENT_I32 }, { "I16", XENT_I16 }, { "I8", XENT_I8 },
    { "U8", XENT_U8 },   { "U16", XENT_U16 }, { "U32", XENT_U32 }, { "U64", XENT_U64 },
};

enum { DTYPES = sizeof dtypes / sizeof *dtypes };

const char *type_name(xent_dtype dtype)
{
    int k = 0;
    while (dtypes[k].dtype != dtype) k++;
    return dtypes[k].name;
}

xent_dtype type_named(const char *name)
{
    for (int k = 0; k < DTYPES; k++)
        if (strcmp(dtypes[k].name, name) == 0) return dtypes[k].dtype;
    return (xent_dtype)0;
}

bool type_is_floating(xent_dtype dtype)
{
    return dtype == XENT_F32 || dtype == XENT_F64 || dtype == XENT_F16 || dtype == XENT_BF16;
}

struct shape_text shape_text(int32_t ndim, const int64_t *shape)
{
    struct shape_text out;
    size_t length = 0;
    out.text[length++] = '(';
    for (int32_t k = 0; k < ndim; k++)
        length +=
            (size_t)snprintf(out.text + length, sizeof out.text - length, k == 0 ? "%lld" : ", %lld", (long long)shape[k]);
    snprintf(out.text + length, sizeof out.text - length, ndim == 1 ? ",)" : ")");
    return out;
}
