/* The chunks of a row: where they are, their elements as contiguous memory, their coefficients. */
#ifndef XENT_ROWS_CHUNK_H
#define XENT_ROWS_CHUNK_H

#include "rows/row.h"

/* Classes of the chunk that begins at `from`. */
size_t xent_chunk_size(const struct xent_row_shape *shape, int64_t from);

char *xent_class_at(const struct xent_line *line, int64_t class_index);

/* n classes of a line as contiguous memory: where they are, or copied. */
const void *xent_chunk_of(const struct xent_row_shape *shape, const struct xent_line *line, int64_t from, size_t n, void *copy,
                          bool must_copy);

/* n contiguous elements to where they belong, unless they are there already. */
void xent_chunk_put(const struct xent_row_shape *shape, const void *elements, size_t n, const struct xent_line *line,
                    int64_t from);

/* The coefficients of n classes, for which `coef` has room. */
struct xent_chunk_coef xent_chunk_coefficients(const struct xent_row_shape *shape, const struct xent_coefficients *coefficients,
                                               int64_t from, size_t n, double *coef);

#endif
