/* Where the classes of a row are, and its chunks: runs of XENT_CHUNK classes, of which only the last may be shorter. A chunk is what a
 * kernel is called for, as contiguous memory. */
#ifndef XENT_ROWS_CHUNK_H
#define XENT_ROWS_CHUNK_H

#include "args/element.h"
#include "args/tensor.h"
#include "kernels/kernels.h"

/* Class after class of one row of a tensor. */
struct xent_line {
    char *at;       /* class 0; NULL: there is no such row */
    ptrdiff_t step; /* bytes from a class to the next */
    xent_dtype dtype;
    bool contiguous; /* the step is an element's size, or there is but one class */
};

/* The kernels for elements stored as a floating dtype. */
static inline const struct xent_stored_kernels *xent_kernels_of(const struct xent_kernels *backend, xent_dtype dtype)
{
    if (dtype == XENT_F32) return backend->f32;
    if (dtype == XENT_F64) return backend->f64;
    return dtype == XENT_F16 ? backend->f16 : backend->bf16;
}

/* Whether the lines of a tensor along this axis are contiguous: all or none are. */
static inline bool xent_lines_are_contiguous(const struct xent_tensor *tensor, int32_t axis)
{
    return tensor->step[axis] == (ptrdiff_t)tensor->size || tensor->shape[axis] <= 1;
}

/* The line that begins `offset` bytes behind a tensor's data. */
static inline struct xent_line xent_line_of(const struct xent_tensor *tensor, int32_t axis, ptrdiff_t offset)
{
    return (struct xent_line){ .at = (char *)tensor->data + offset,
                               .step = tensor->step[axis],
                               .dtype = tensor->dtype,
                               .contiguous = xent_lines_are_contiguous(tensor, axis) };
}

static inline char *xent_class_at(const struct xent_line *line, int64_t class_index)
{
    return line->at + (ptrdiff_t)class_index * line->step;
}

/* The chunks [from, to) of a row. */
struct xent_span {
    int64_t from, to;
};

static inline int64_t xent_chunk_count(int64_t classes) { return classes / XENT_CHUNK + (classes % XENT_CHUNK != 0); }

/* Classes of the chunk that begins at class `from`. */
static inline size_t xent_chunk_size(int64_t classes, int64_t from)
{
    return classes - from < XENT_CHUNK ? (size_t)(classes - from) : XENT_CHUNK;
}

/* Classes of the longest chunk. */
static inline size_t xent_chunk_most(int64_t classes) { return classes < XENT_CHUNK ? (size_t)classes : XENT_CHUNK; }

/* An output that goes past the caches is computed so many classes at a time, which the first cache holds until they go. */
#define XENT_PIECE 512

/* The class behind the last one of a span, all of whose chunks are whole but the row's last. */
static inline int64_t xent_span_end(int64_t classes, struct xent_span span)
{
    return span.to * XENT_CHUNK < classes ? span.to * XENT_CHUNK : classes;
}

/* n classes of a line as contiguous memory: where they are, or copied. */
static inline const void *xent_chunk_read(const struct xent_line *line, int64_t from, size_t n, void *copy, bool must_copy)
{
    const char *at = xent_class_at(line, from);
    if (line->contiguous && !must_copy) return at;
    xent_gather(line->dtype, at, line->step, n, copy);
    return copy;
}

/* Where a kernel is to write the classes from `from` on: where they belong if that is contiguous, else `copy`, from which
   xent_chunk_put then takes them. */
static inline void *xent_chunk_place(const struct xent_line *line, int64_t from, void *copy)
{
    return line->contiguous ? xent_class_at(line, from) : copy;
}
static inline void xent_chunk_put(const void *elements, size_t n, const struct xent_line *line, int64_t from)
{
    if (!line->contiguous) xent_scatter(line->dtype, elements, n, xent_class_at(line, from), line->step);
}

/* Puts n numbers of the dtype `real`, F32 or F64, none of them NaN, where the classes from `from` on belong, rounded once to the line's
   dtype. `copy` has room for n of that where the line is strided. */
void xent_chunk_convert(const struct xent_kernels *backend, xent_dtype real, const void *numbers, size_t n,
                        const struct xent_line *line, int64_t from, void *copy);

#endif
