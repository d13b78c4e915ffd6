/* The rows of an array in a file, a block at a time. */
#ifndef XENT_TOOL_ROWS_H
#define XENT_TOOL_ROWS_H

#include "array.h"
#include "mapped_file.h"

struct rows {
    struct mapped_file *file;
    xent_dtype dtype;
    uint64_t offset;
    int64_t classes, class_stride;
    /* The batch, without dimensions that go on where the one before them ends. */
    int32_t ndim;
    int64_t shape[XENT_MAX_NDIM], strides[XENT_MAX_NDIM];
    unsigned char *copy; /* of a block whose elements the file does not align; NULL: none so far */
    size_t copy_size;
    xent_tensor *block; /* the last one */
};

/* axis: of the classes, from 0; of at least one element. */
void rows_init(struct rows *rows, struct mapped_file *file, const struct array *array, int32_t axis);
void rows_destroy(struct rows *rows);

/* How many rows from this one on, at least one, have one stride, and can be a block. */
int64_t rows_run(const struct rows *rows, int64_t first);

/* Shape (count, classes), for a count up to that; valid until the next call, and as long as the file's bytes are. */
const xent_tensor *rows_block(struct rows *rows, int64_t first, int64_t count);

#endif
