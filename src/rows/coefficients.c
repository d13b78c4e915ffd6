/* Coefficients of a chunk as doubles, from weights and probabilities of any floating dtype and step. */
#include "rows/coefficients.h"

#include "args/element.h"
#include "args/target.h"

/* coef = hot x + uniform of a line */
static void smooth(const struct xent_line *line, const struct xent_kernels *backend, int64_t from, size_t n, double hot,
                   double uniform, double *coef)
{
    const char *at = xent_class_at(line, from);
    if (line->contiguous) {
        xent_kernels_of(backend, line->dtype)->smooth(at, coef, n, hot, uniform);
        return;
    }
    xent_gather_doubles(line->dtype, at, line->step, n, coef);
    backend->f64->smooth(coef, coef, n, hot, uniform);
}

static void multiply(const struct xent_line *line, const struct xent_kernels *backend, int64_t from, size_t n, double *coef)
{
    const char *at = xent_class_at(line, from);
    if (line->contiguous)
        xent_kernels_of(backend, line->dtype)->multiply(at, coef, n);
    else
        for (size_t i = 0; i < n; i++) coef[i] *= xent_load_float(line->dtype, at + (ptrdiff_t)i * line->step);
}

/* Where `uniform` is 0 the kernel adds nothing, so that a coefficient of -0.0 stays one. */
struct xent_chunk_coef xent_chunk_coefficients(const struct xent_coefficients *coefficients, const struct xent_kernels *backend,
                                               int64_t from, size_t n, double *coef)
{
    const struct xent_tensor *class_weight = coefficients->class_weight;
    double uniform = coefficients->uniform;
    struct xent_line weight;
    if (xent_coefficients_are_equal(coefficients)) {
        *coef = uniform;
        return (struct xent_chunk_coef){ .at = coef, .step = 0 };
    }
    if (class_weight != NULL) weight = xent_line_of(class_weight, 0, 0);
    if (coefficients->per_class.at == NULL) {
        smooth(&weight, backend, from, n, uniform, 0, coef);
    } else {
        smooth(&coefficients->per_class, backend, from, n, coefficients->hot, uniform, coef);
        if (class_weight != NULL) multiply(&weight, backend, from, n, coef);
    }
    return (struct xent_chunk_coef){ .at = coef, .step = 1 };
}

/* Whether a kernel for elements of this dtype can read the line where it is. */
static bool is_readable(const struct xent_line *line, xent_dtype dtype)
{
    return line->contiguous && line->dtype == dtype && (dtype == XENT_F32 || dtype == XENT_F64);
}

/* Whether all coefficients come by factors for such a kernel. */
static bool are_readable(const struct xent_coefficients *coefficients, xent_dtype dtype)
{
    const struct xent_tensor *class_weight = coefficients->class_weight;
    struct xent_line weight;
    if (xent_coefficients_are_equal(coefficients)) return false;
    if (coefficients->per_class.at != NULL && !is_readable(&coefficients->per_class, dtype)) return false;
    if (class_weight == NULL) return true;
    weight = xent_line_of(class_weight, 0, 0);
    return is_readable(&weight, dtype);
}

struct xent_chunk_coef xent_chunk_factors(const struct xent_coefficients *coefficients, const struct xent_kernels *backend,
                                          xent_dtype dtype, int64_t from, size_t n, double *coef)
{
    const struct xent_line *t = &coefficients->per_class;
    double hot = coefficients->hot, uniform = coefficients->uniform == 0 ? -0.0 : coefficients->uniform;
    bool weighted = coefficients->class_weight != NULL;
    struct xent_line weight;
    if (weighted) weight = xent_line_of(coefficients->class_weight, 0, 0);
    if (t->at == NULL && weighted) {
        t = &weight;
        hot = coefficients->uniform;
        uniform = -0.0;
        weighted = false;
    }
    if (!are_readable(coefficients, dtype)) return xent_chunk_coefficients(coefficients, backend, from, n, coef);
    return (struct xent_chunk_coef){ .factors = { xent_class_at(t, from), weighted ? xent_class_at(&weight, from) : NULL, hot,
                                                  uniform } };
}

/* The factors stand in for the logits, since nobody looks at the gap. */
bool xent_coefficient_sums(const struct xent_coefficients *coefficients, const struct xent_kernels *backend, xent_dtype dtype,
                           int64_t classes, struct xent_coef_sums *sums)
{
    if (!are_readable(coefficients, dtype)) return false;
    for (int64_t from = 0; from < classes; from += XENT_CHUNK) {
        size_t n = xent_chunk_size(classes, from);
        struct xent_chunk_coef coef = xent_chunk_factors(coefficients, backend, dtype, from, n, NULL);
        struct xent_state state = { .max = 0 };
        xent_kernels_of(backend, dtype)->weigh(coef.factors.t, &coef, n, &state);
        *sums++ = (struct xent_coef_sums){ state.coef, state.coef_peak };
    }
    return true;
}

double xent_coefficient_at(const struct xent_coefficients *coefficients, int64_t class_index)
{
    const struct xent_line *t = &coefficients->per_class;
    double coef = coefficients->uniform;
    if (t->at != NULL) {
        coef = coefficients->hot * xent_load_float(t->dtype, xent_class_at(t, class_index));
        if (coefficients->uniform != 0) coef += coefficients->uniform;
    }
    return coef * xent_weight_of(coefficients->class_weight, class_index);
}
