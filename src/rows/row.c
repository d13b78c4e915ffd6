/* What all rows of a call share, and the first pass over one chunk of a row. */
#include "rows/row.h"

#include <assert.h>

#include "kernels/stats.h"
#include "kernels/two_sum.h"

/* volatile: gcc 11 and 12 make a vector of two such roundings and then drop both, unless -fno-tree-slp-vectorize forbids it. */
static double rounded_to_real(const struct xent_row_type *type, double value)
{
    volatile float real = (float)value;
    return type->real == XENT_F32 ? (double)real : value;
}

void xent_row_type_scale(struct xent_row_type *type, double scale, double softcap)
{
    type->scale = rounded_to_real(type, scale);
    type->softcap = rounded_to_real(type, softcap);
}

double xent_row_logit(const struct xent_row_type *type, const struct xent_line *logits, int64_t class_index)
{
    const char *at = xent_class_at(logits, class_index);
    double real;
    if (!xent_row_is_prepared(type)) return xent_load_float(type->dtype, at);
    type->kernels->prepare(at, &real, 1, type->scale, type->softcap);
    return xent_load_float(type->real, &real);
}

static double load_logit(xent_dtype dtype, const void *z, size_t c)
{
    return xent_load_float(dtype, (const char *)z + c * xent_element_size(dtype));
}

/* The gap of a chunk where the kernel's sum is not finite: some distance may have overflowed that a small coefficient brings back,
   or an infinite coefficient have met the maximum itself, which is no distance away. Quarters of the logits are subtracted, and
   a class at the maximum adds nothing. What is still infinite is so rightly. */
static double gap_by_quarters(const struct xent_coefficients *coefficients, int64_t from, xent_dtype dtype, const void *z,
                              size_t n, double max)
{
    double sum = 0, error = 0;
    for (size_t c = 0; c < n; c++) {
        double k = xent_coefficient_at(coefficients, from + (int64_t)c), logit = load_logit(dtype, z, c);
        if (k != 0 && logit != max) add_two(&sum, &error, k * (max / 4 - logit / 4));
    }
    return 4 * (sum - sum == 0 ? sum + error : sum);
}

/* Of a row with a target how many of the n classes from `from` on, whose largest logit is known, come before it: none where the target
   has been foreseen. */
static size_t count_before(const struct xent_stored_kernels *kernels, const struct xent_row *row, const void *z, int64_t from,
                           size_t n, double max)
{
    int64_t ahead = row->target - from;
    if (max < row->at_target) return 0;
    return kernels->stats->count_before(z, n, row->at_target, ahead < 0 ? 0 : ahead < (int64_t)n ? (size_t)ahead : n);
}

static bool is_special(const struct xent_state *state) { return state->max == (double)INFINITY || state->rest != state->rest; }

/* The kernels' first pass over a chunk. equal: NULL, or the coefficient of all classes; extra: NULL, or what is to be found beside the
   state. */
static inline __attribute__((always_inline)) void reduce_chunk(const struct xent_row_type *type,
                                                               const struct xent_stored_kernels *kernels,
                                                               const struct xent_row *row, const struct xent_extra *extra,
                                                               const double *equal, const void *z, int64_t from, size_t n,
                                                               void *terms, struct xent_chunk *to)
{
    assert(extra == NULL || terms == NULL || !(extra->heat || extra->rank));
    if (extra != NULL && extra->heat)
        kernels->stats->reduce_with_heat(z, n, equal, to);
    else if (equal != NULL)
        kernels->reduce_equal(z, n, *equal, terms, to);
    else
        kernels->reduce(z, n, terms, to);
    if (extra == NULL) return;
    if (extra->first && is_special(&to->state))
        to->first = terms == NULL ? kernels->stats->first_special(z, n) : type->real_kernels->stats->first_special(terms, n);
    if (extra->rank) to->before = count_before(kernels, row, z, from, n, to->state.max);
}

static inline __attribute__((always_inline)) void reduce_row(const struct xent_row_type *type, const struct xent_row *row,
                                                             const struct xent_extra *extra,
                                                             const struct xent_coefficients *coefficients,
                                                             const struct xent_buffers *buffers, int64_t chunk,
                                                             struct xent_chunk *to)
{
    int64_t from = chunk * XENT_CHUNK;
    size_t n = xent_chunk_size(type->classes, from);
    bool prepared = xent_row_is_prepared(type);
    bool equal = coefficients != NULL && xent_coefficients_are_equal(coefficients);
    /* What follows the terms looks at the logits. Of F32 logits and one coefficient nothing does: such a gap is infinite only where it
       should be. */
    bool looks_again = coefficients != NULL && !(equal && type->real == XENT_F32);
    bool overwritten = looks_again && xent_row_overwrites_logits(row) && !prepared;
    const struct xent_stored_kernels *kernels = prepared ? type->real_kernels : type->kernels;
    xent_dtype dtype = prepared ? type->real : type->dtype;
    const void *z = xent_chunk_read(&row->in, from, n, buffers->copy, overwritten);
    void *terms = row->terms == NULL ? NULL : row->terms + from * (ptrdiff_t)type->real_size;
    struct xent_chunk_coef coef;
    assert(!overwritten || buffers->copy != NULL);
    if (prepared) {
        type->kernels->prepare(z, buffers->prepared, n, type->scale, type->softcap);
        z = buffers->prepared;
    }
    reduce_chunk(type, kernels, row, extra, equal ? &coefficients->uniform : NULL, z, from, n, terms, to);
    if (!looks_again) return;
    if (!equal) {
        coef = xent_chunk_factors(coefficients, type->backend, dtype, from, n, buffers->coef);
        if (coefficients->sums != NULL) {
            coef.is_summed = true;
            to->state.coef = coefficients->sums[chunk].coef;
            to->state.coef_peak = coefficients->sums[chunk].coef_peak;
        }
        kernels->weigh(z, &coef, n, &to->state);
    }
    if (to->state.gap - to->state.gap != 0 && to->state.max - to->state.max == 0)
        to->state.gap = gap_by_quarters(coefficients, from, dtype, z, n, to->state.max);
}

void xent_row_reduce(const struct xent_row_type *type, const struct xent_row *row, const struct xent_coefficients *coefficients,
                     const struct xent_buffers *buffers, int64_t chunk, struct xent_chunk *to)
{
    reduce_row(type, row, NULL, coefficients, buffers, chunk, to);
}

void xent_row_reduce_more(const struct xent_row_type *type, const struct xent_row *row, const struct xent_extra *extra,
                          const struct xent_coefficients *coefficients, const struct xent_buffers *buffers, int64_t chunk,
                          struct xent_chunk *to)
{
    reduce_row(type, row, extra, coefficients, buffers, chunk, to);
}

void xent_row_dot(const struct xent_row_type *type, const struct xent_line *elements,
                  const struct xent_coefficients *coefficients, const struct xent_buffers *buffers, int64_t chunk,
                  struct xent_chunk *to)
{
    int64_t from = chunk * XENT_CHUNK;
    size_t n = xent_chunk_size(type->classes, from);
    struct xent_chunk_coef coef = xent_chunk_factors(coefficients, type->backend, type->dtype, from, n, buffers->coef);
    to->state = (struct xent_state){ .max = 0 };
    type->kernels->weigh(xent_chunk_read(elements, from, n, buffers->copy, false), &coef, n, &to->state);
}
