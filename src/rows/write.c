/* The second pass, chunk by chunk: the kernels turn terms into entries; the two of a chunk that come one by one from double follow. */
#include "rows/write.h"

#include <assert.h>
#include <math.h>

#include "kernels/formulas.h"

/* What the chunks of one call of xent_row_write share. */
struct pass {
    const struct xent_row_type *type;
    const struct xent_row *row;
    const struct xent_gradient *gradient;
    bool fits;       /* nothing would overflow on the usual way */
    char *slopes;    /* reals, of the chunk at hand; NULL: all 1 */
    int64_t leading; /* the first chunk that holds the row's maximum; the number of chunks, where none does */

    /* entries as they leave the kernels: stored ones in their place, or reals in the terms' place where `out` is strided or reached
       past the caches */
    bool direct;
    const struct xent_stored_kernels *kernels;
    xent_dtype dtype;
    size_t size;
};

/* One chunk. */
struct part {
    const struct xent_chunk *chunk;
    int64_t from;
    size_t n;
    bool leads;                         /* it is the leading chunk */
    size_t target;                      /* the target's place in it; SIZE_MAX: elsewhere */
    const struct xent_chunk_coef *coef; /* NULL: no class but the target has one */
    const char *terms;                  /* reals */
    char *entries;                      /* which may be the terms' place */
    struct xent_rescale rescale;
};

/* Where a row is a part of a longer one, its first maximum may be in none of its chunks. */
static int64_t leading_chunk(const struct xent_row_type *type, const struct xent_row *row, bool led_before)
{
    int64_t count = xent_chunk_count(type->classes), i = led_before ? count : 0;
    while (i < count && row->chunks[i].state.max != row->state.max) i++;
    return i;
}

/* ---- The entries that come one by one: of the chunk's first maximum, which has no term, and of the target, where most of the bracket
   cancels ---- */

static double coef_at(const struct pass *pass, const struct part *part, size_t c)
{
    const struct xent_coefficients *coefficients = pass->gradient->coefficients;
    return coefficients == NULL ? 0 : xent_coefficient_at(coefficients, part->from + (int64_t)c);
}

static double bracket(const struct part *part, double p, double coef)
{
    return bracket_of(part->rescale.total, part->rescale.none, p, coef);
}

static void store_entry(const struct pass *pass, const struct part *part, double b, size_t c)
{
    const struct xent_row_type *type = pass->type;
    double entry;
    if (pass->slopes != NULL) {
        double slope = xent_load_float(type->real, pass->slopes + c * type->real_size);
        b = slope == 0 ? 0 : b * slope;
    }
    entry = entry_of(pass->gradient->factor, b);
    xent_store_float(pass->dtype, part->entries + c * pass->size, type->real == XENT_F32 ? (double)(float)entry : entry);
}

/* target_term: what stood in the target's place before its entry. */
static void write_special(const struct pass *pass, const struct part *part, double target_term)
{
    const struct xent_gradient *gradient = pass->gradient;
    size_t first = part->chunk->first, target = part->target;
    double p = part->rescale.share, coef = coef_at(pass, part, first);
    if (target == first && part->leads && part->coef == NULL) {
        double b = bracket_of_leading_target(gradient->pull, p, gradient->target_coef, pass->row->state.rest);
        store_entry(pass, part, b, first);
        return;
    }
    if (target == first) coef += gradient->target_coef;
    store_entry(pass, part, bracket(part, p, coef), first);
    if (target == first || target == SIZE_MAX) return;
    p *= target_term * 0x1p-64 * part->rescale.unit;
    coef = gradient->target_coef + coef_at(pass, part, target);
    store_entry(pass, part, bracket(part, p, coef), target);
}

/* ---- A chunk ------------------------------------------------------------------------------------------------------ */

static void write_part(const struct pass *pass, const struct part *part)
{
    double target_term = 0;
    if (part->target != SIZE_MAX)
        target_term = xent_load_float(pass->type->real, part->terms + part->target * pass->type->real_size);
    if (!pass->fits)
        pass->kernels->entries_in_double(part->terms, part->coef, pass->slopes, part->entries, part->n, &part->rescale);
    else if (pass->slopes != NULL)
        pass->kernels->entries_with_slopes(part->terms, part->coef, pass->slopes, part->entries, part->n, &part->rescale);
    else
        pass->kernels->entries(part->terms, part->coef, part->entries, part->n, &part->rescale);
    write_special(pass, part, target_term);
}

/* Reals to where they belong, which is strided. */
static void scatter(const struct pass *pass, const struct part *part, void *stored)
{
    const struct xent_row_type *type = pass->type;
    const struct xent_line *out = &pass->row->out;
    const void *elements = part->entries;
    if (type->real != type->dtype) {
        type->kernels->store(part->entries, stored, part->n);
        elements = stored;
    }
    xent_scatter(type->dtype, elements, part->n, xent_class_at(out, part->from), out->step);
}

static struct part part_of(const struct pass *pass, int64_t i)
{
    const struct xent_row *row = pass->row;
    const struct xent_gradient *gradient = pass->gradient;
    const struct xent_chunk *chunk = &row->chunks[i];
    int64_t from = i * XENT_CHUNK;
    size_t n = xent_chunk_size(pass->type->classes, from);
    bool has_target = gradient->target >= from && gradient->target - from < (int64_t)n;
    double share = pass->type->kernels->real->relate(1, chunk->state.max, row->state.max) / (1 + row->state.rest);
    return (struct part){ .chunk = chunk,
                          .from = from,
                          .n = n,
                          .leads = i == pass->leading,
                          .target = has_target ? (size_t)(gradient->target - from) : SIZE_MAX,
                          .terms = row->terms + from * (ptrdiff_t)pass->type->real_size,
                          .entries = (pass->direct ? row->out.at : row->terms) + from * (ptrdiff_t)pass->size,
                          .rescale = { .factor = gradient->factor,
                                       .total = gradient->coef + gradient->pull,
                                       .none = gradient->coef * 0,
                                       .share = share,
                                       .unit = chunk->unit } };
}

static struct pass pass_of(const struct xent_row_type *type, const struct xent_row *row, const struct xent_gradient *gradient,
                           bool past_caches, const struct xent_buffers *buffers)
{
    bool capped = type->softcap != 0, direct = row->out.contiguous && !past_caches;
    double peak = gradient->coefficients != NULL ? row->state.coef_peak + gradient->target_coef : gradient->target_coef;
    const struct xent_entry_limits *limits = &type->kernels->real->limits;
    return (struct pass){ .type = type,
                          .row = row,
                          .gradient = gradient,
                          .fits = xent_entries_fit(limits, gradient->factor, gradient->coef + gradient->pull, peak),
                          .slopes = capped ? buffers->prepared : NULL,
                          .leading = leading_chunk(type, row, gradient->led_before),
                          .direct = direct,
                          .kernels = direct ? type->kernels : type->real_kernels,
                          .dtype = direct ? type->dtype : type->real,
                          .size = direct ? type->size : type->real_size };
}

void xent_row_write(const struct xent_row_type *type, const struct xent_row *row, const struct xent_gradient *gradient,
                    bool past_caches, const struct xent_buffers *buffers, struct xent_span span)
{
    const struct pass pass = pass_of(type, row, gradient, past_caches, buffers);
    struct xent_chunk_coef coef;
    assert(row->terms != NULL && row->chunks != NULL);
    assert(!past_caches || (row->out.contiguous && row->terms != row->out.at));
    for (int64_t i = span.from; i < span.to; i++) {
        struct part part = part_of(&pass, i);
        if (gradient->coefficients != NULL) {
            coef = xent_chunk_factors(gradient->coefficients, type->backend, pass.dtype, part.from, part.n, buffers->coef);
            part.coef = &coef;
        }
        if (pass.slopes != NULL) {
            const void *z = xent_chunk_read(&row->in, part.from, part.n, buffers->copy, false);
            type->kernels->slopes(z, pass.slopes, part.n, type->scale, type->softcap);
        }
        write_part(&pass, &part);
        if (past_caches)
            type->backend->stream(xent_class_at(&row->out, part.from), part.entries, part.n * type->size);
        else if (!pass.direct)
            scatter(&pass, &part, buffers->copy);
    }
    if (past_caches) type->backend->end_stream();
}

void xent_row_write_log_probs(const struct xent_row_type *type, const struct xent_row *row, const struct xent_buffers *buffers,
                              struct xent_span span)
{
    for (int64_t i = span.from; i < span.to; i++) {
        int64_t from = i * XENT_CHUNK;
        size_t n = xent_chunk_size(type->classes, from);
        const void *z = xent_chunk_read(&row->in, from, n, buffers->copy, false);
        void *to = xent_chunk_place(&row->out, from, buffers->copy);
        type->kernels->log_probs(z, to, n, row->state.max, row->log1p_rest);
        xent_chunk_put(to, n, &row->out, from);
    }
}

/* Logits of F32 or 16 bits as the reals that this dtype is computed in. The factor of 1 is exact: both kernels are taken for the reading
   that they do. */
static void read_as_reals(const struct xent_row_type *type, const void *z, size_t n, xent_dtype dtype, void *reals)
{
    if (dtype == XENT_F64)
        type->kernels->smooth(z, reals, n, 1, 0);
    else
        type->kernels->prepare(z, reals, n, 1, 0);
}

void xent_row_write_converted_log_probs(const struct xent_row_type *type, const struct xent_row *row,
                                        const struct xent_buffers *buffers, struct xent_span span)
{
    const struct xent_stored_kernels *written = xent_kernels_of(type->backend, row->out.dtype);
    assert(row->out.dtype != type->dtype);
    for (int64_t i = span.from; i < span.to; i++) {
        int64_t from = i * XENT_CHUNK;
        size_t n = xent_chunk_size(type->classes, from);
        const void *z = xent_chunk_read(&row->in, from, n, buffers->copy, false);
        if (type->dtype == XENT_F64) {
            type->kernels->log_probs(z, buffers->prepared, n, row->state.max, row->log1p_rest);
            xent_chunk_convert(type->backend, XENT_F64, buffers->prepared, n, &row->out, from, buffers->copy);
        } else {
            void *to = xent_chunk_place(&row->out, from, buffers->copy);
            read_as_reals(type, z, n, row->out.dtype, buffers->prepared);
            written->log_probs_of_reals(buffers->prepared, to, n, row->state.max, row->log1p_rest);
            xent_chunk_put(to, n, &row->out, from);
        }
    }
}

void xent_row_fill(const struct xent_row_type *type, const struct xent_row *row, double value, struct xent_span span)
{
    int64_t from = span.from * XENT_CHUNK, to = span.to * XENT_CHUNK < type->classes ? span.to * XENT_CHUNK : type->classes;
    xent_fill(type->dtype, xent_class_at(&row->out, from), row->out.step, (size_t)(to - from), value);
}
