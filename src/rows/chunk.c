/* Chunks between a strided row and contiguous memory. Line, count and copy are the caller's; nothing is checked. */
#include "rows/chunk.h"

const void *xent_chunk_read(const struct xent_line *line, int64_t from, size_t n, void *copy, bool must_copy)
{
    const char *at = xent_class_at(line, from);
    if (line->contiguous && !must_copy) return at;
    xent_gather(line->dtype, at, line->step, n, copy);
    return copy;
}

void *xent_chunk_place(const struct xent_line *line, int64_t from, void *copy)
{
    return line->contiguous ? xent_class_at(line, from) : copy;
}

void xent_chunk_put(const void *elements, size_t n, const struct xent_line *line, int64_t from)
{
    if (!line->contiguous) xent_scatter(line->dtype, elements, n, xent_class_at(line, from), line->step);
}
