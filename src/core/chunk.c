#include "core/chunk.h"

#include "core/element.h"
#include "core/target.h"

size_t xent_chunk_size(const struct xent_row_shape *shape, int64_t from)
{
    return shape->classes - from < XENT_CHUNK ? (size_t)(shape->classes - from) : XENT_CHUNK;
}

char *xent_class_at(const struct xent_line *line, int64_t class_index)
{
    return line->at + (ptrdiff_t)class_index * line->step;
}

const void *xent_chunk_of(const struct xent_row_shape *shape, const struct xent_line *line, int64_t from, size_t n, void *copy,
                          bool must_copy)
{
    if (!must_copy && xent_row_is_contiguous(shape, line->step)) return line->at + from * (ptrdiff_t)shape->size;
    xent_gather(line->dtype, xent_class_at(line, from), line->step, n, copy);
    return copy;
}

void xent_chunk_put(const struct xent_row_shape *shape, const void *elements, size_t n, const struct xent_line *line,
                    int64_t from)
{
    if (!xent_row_is_contiguous(shape, line->step))
        xent_scatter(shape->dtype, elements, n, xent_class_at(line, from), line->step);
}

void xent_chunk_coefficients(const struct xent_coefficients *coefficients, int64_t from, size_t n, double *coef)
{
    const struct xent_line *probability = &coefficients->probability;
    bool smoothed = coefficients->hot != 1;
    if (probability->at != NULL)
        xent_gather_doubles(probability->dtype, xent_class_at(probability, from), probability->step, n, coef);
    else
        for (size_t i = 0; i < n; i++) coef[i] = 0;
    for (size_t i = 0; i < n && smoothed; i++) coef[i] = coefficients->hot * coef[i] + coefficients->uniform;
    if (coefficients->class_weight == NULL) return;
    for (size_t i = 0; i < n; i++) coef[i] *= xent_weight_of(coefficients->class_weight, from + (int64_t)i);
}
