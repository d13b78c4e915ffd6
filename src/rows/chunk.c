#include "rows/chunk.h"

#include "args/element.h"

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

static bool is_contiguous(const struct xent_line *line) { return line->step == (ptrdiff_t)xent_element_size(line->dtype); }

/* coef = hot x + uniform of a line of any type and step */
static void smooth(const struct xent_row_shape *shape, const struct xent_line *line, int64_t from, size_t n, double hot,
                   double uniform, double *coef)
{
    const char *at = xent_class_at(line, from);
    if (is_contiguous(line)) {
        xent_row_kernels_of(shape->backend, line->dtype)->smooth(at, coef, n, hot, uniform);
        return;
    }
    xent_gather_doubles(line->dtype, at, line->step, n, coef);
    shape->backend->f64->smooth(coef, coef, n, hot, uniform);
}

static void multiply(const struct xent_row_shape *shape, const struct xent_line *line, int64_t from, size_t n, double *coef)
{
    const char *at = xent_class_at(line, from);
    if (is_contiguous(line))
        xent_row_kernels_of(shape->backend, line->dtype)->multiply(at, coef, n);
    else
        for (size_t i = 0; i < n; i++) coef[i] *= xent_load_float(line->dtype, at + (ptrdiff_t)i * line->step);
}

struct xent_chunk_coef xent_chunk_coefficients(const struct xent_row_shape *shape, const struct xent_coefficients *coefficients,
                                               int64_t from, size_t n, double *coef)
{
    const struct xent_line *probability = &coefficients->probability;
    double uniform = coefficients->hot != 1 ? coefficients->uniform : 0;
    struct xent_line weight;
    if (xent_coefficients_are_equal(coefficients)) {
        *coef = uniform;
        return (struct xent_chunk_coef){ coef, 0 };
    }
    if (coefficients->class_weight != NULL) weight = xent_line_of(coefficients->class_weight, 0, 0);
    if (probability->at == NULL) {
        smooth(shape, &weight, from, n, uniform, 0, coef);
    } else {
        smooth(shape, probability, from, n, coefficients->hot, uniform, coef);
        if (coefficients->class_weight != NULL) multiply(shape, &weight, from, n, coef);
    }
    return (struct xent_chunk_coef){ coef, 1 };
}
