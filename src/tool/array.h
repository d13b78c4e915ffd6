/* What a file says of an array in it. */
#ifndef XENT_TOOL_ARRAY_H
#define XENT_TOOL_ARRAY_H

#include <stdbool.h>
#include <stdint.h>
#include <xent.h>

#include "reason.h"

struct array {
    xent_dtype dtype;
    bool untyped; /* words of 16 bits that the file has no type for; dtype is U16 */
    int32_t ndim;
    int64_t shape[XENT_MAX_NDIM], strides[XENT_MAX_NDIM]; /* in elements; strides >= 0 */
    uint64_t offset;                                      /* of the first element in the file, in bytes */
};

/* Sets strides as of row-major or column-major order, and *bytes to what the elements take. false, with the reason: more than a
   file can have. */
bool array_lay_out(struct array *array, bool column_major, uint64_t *bytes, struct reason *why);

/* "F32", and so on, as .safetensors has it. */
const char *type_name(xent_dtype dtype);
/* 0: no such type. */
xent_dtype type_named(const char *name);
bool type_is_floating(xent_dtype dtype);

/* "(2, 3)", as numpy writes it. */
struct shape_text {
    char text[XENT_MAX_NDIM * 22 + 3];
};
struct shape_text shape_text(int32_t ndim, const int64_t *shape);

#endif
