/* Chunks between a strided row and contiguous memory, of the row's dtype or from numbers of another one. Line, count and copy are the caller's; nothing is checked. */
#include "rows/chunk.h"

static void widen(const float *from, double *to, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = (double)from[i];
}

static void narrow(const double *from, float *to, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = (float)from[i];
}

void xent_chunk_convert(const struct xent_kernels *backend, xent_dtype real, const void *numbers, size_t n,
                        const struct xent_line *line, int64_t from, void *copy)
{
    void *to = xent_chunk_place(line, from, copy);
    ptrdiff_t size = (ptrdiff_t)xent_element_size(line->dtype);
    if (real == XENT_F32 && line->dtype == XENT_F64)
        widen(numbers, to, n);
    else if (real == XENT_F32)
        xent_kernels_of(backend, line->dtype)->store(numbers, to, n);
    else if (line->dtype == XENT_F32)
        narrow(numbers, to, n);
    else
        for (size_t i = 0; i < n; i++)
            xent_store_float(line->dtype, (char *)to + (ptrdiff_t)i * size, ((const double *)numbers)[i]);
    xent_chunk_put(to, n, line, from);
}
