#include "rows/chunk.h"
#include "args/element.h"
#include "rows/row_special.h"

struct second_pass {
    const struct xent_row_shape *shape;
    const struct xent_state *state;
    const struct xent_row_gradient *gradient;
    bool in_double; /* there is a derivative, or something overflows on the usual way */
    char *slopes;   /* NULL: all 1 */

    /* entries as they leave the kernels: in their place, or reals in the terms' place where that is strided or reached past the
       caches */
    const struct xent_stored_kernels *kernels;
    xent_dtype dtype;
    size_t size;
};

/* One chunk of the pass. */
struct part {
    const struct xent_chunk *chunk;
    int64_t from;
    size_t n;
    bool leads;                         /* the row's first maximum is this chunk's */
    size_t target;                      /* the target's place in it; SIZE_MAX: elsewhere */
    const struct xent_chunk_coef *coef; /* NULL: no class but the target has one */
    const char *terms;                  /* reals */
    char *entries;                      /* which may be the terms' place */
};

/* Entries of one chunk. */
static void write_part(const struct second_pass *pass, const struct part *part)
{
    const struct xent_row_shape *shape = pass->shape;
    const struct xent_row_gradient *gradient = pass->gradient;
    double share = shape->kernels->real->relate(part->chunk->state.max, pass->state->max) / (1 + pass->state->rest);
    struct xent_rescale rescale = { gradient->factor, gradient->coef + gradient->pull, gradient->coef * 0, share,
                                    part->chunk->unit };
    struct xent_special special = { .shape = shape,
                                    .gradient = gradient,
                                    .rescale = &rescale,
                                    .coef = part->coef,
                                    .slopes = pass->slopes,
                                    .entries = part->entries,
                                    .dtype = pass->dtype,
                                    .step = pass->size,
                                    .first = part->chunk->first,
                                    .leads = part->leads,
                                    .target = part->target,
                                    .rest = pass->state->rest };
    if (part->target != SIZE_MAX)
        special.target_term = xent_load_float(shape->real, part->terms + part->target * shape->real_size);
    if (pass->in_double)
        pass->kernels->entries_in_double(part->terms, part->coef, pass->slopes, part->entries, part->n, &rescale);
    else
        pass->kernels->entries(part->terms, part->coef, part->entries, part->n, &rescale);
    xent_row_write_special(&special);
}

/* Reals to where they belong, which is strided. */
static void scatter(const struct xent_row_shape *shape, const struct part *part, const struct xent_line *out, void *stored)
{
    const void *elements = part->entries;
    if (shape->real != shape->dtype) {
        shape->kernels->store(part->entries, stored, part->n);
        elements = stored;
    }
    xent_scatter(shape->dtype, elements, part->n, xent_class_at(out, part->from), out->step);
}

/* The first of the chunks that hold the row's maximum. */
static int64_t leading_chunk(const struct xent_chunk *chunks, const struct xent_state *state)
{
    int64_t i = 0;
    while (chunks[i].state.max != state->max) i++;
    return i;
}

void xent_row_write(const struct xent_row_shape *shape, const struct xent_state *state,
                    const struct xent_row_gradient *gradient, const struct xent_line *logits, char *terms,
                    const struct xent_line *out, const struct xent_row_scratch *scratch, struct xent_span span)
{
    bool capped = shape->softcap != 0, dense = gradient->coefficients != NULL,
         direct = xent_row_is_contiguous(shape, out->step) && !shape->streams;
    double peak = dense ? state->coef_peak + gradient->target_coef : gradient->target_coef;
    int64_t leading = leading_chunk(scratch->chunks, state);
    struct second_pass pass = { shape,
                                state,
                                gradient,
                                capped || !xent_row_fits(&shape->kernels->real->limits, gradient->factor,
                                                         gradient->coef + gradient->pull, peak),
                                capped ? scratch->prepared : NULL,
                                direct ? shape->kernels : shape->real_kernels,
                                direct ? shape->dtype : shape->real,
                                direct ? shape->size : shape->real_size };
    for (int64_t i = span.from; i < span.to; i++) {
        int64_t from = i * XENT_CHUNK;
        size_t n = xent_chunk_size(shape, from);
        struct xent_chunk_coef coef;
        bool has_target = gradient->target >= from && gradient->target - from < (int64_t)n;
        struct part part = { &scratch->chunks[i],
                             from,
                             n,
                             i == leading,
                             has_target ? (size_t)(gradient->target - from) : SIZE_MAX,
                             dense ? &coef : NULL,
                             terms + from * (ptrdiff_t)shape->real_size,
                             (direct ? out->at : terms) + from * (ptrdiff_t)pass.size };
        if (dense) coef = xent_chunk_coefficients(shape, gradient->coefficients, from, n, scratch->coef);
        if (capped)
            shape->kernels->slopes(xent_chunk_of(shape, logits, from, n, scratch->logits, false), pass.slopes, n, shape->scale,
                                   shape->softcap);
        write_part(&pass, &part);
        if (shape->streams)
            shape->backend->stream(xent_class_at(out, from), part.entries, n * shape->size);
        else if (!direct)
            scatter(shape, &part, out, scratch->logits);
    }
    if (shape->streams) shape->backend->end_stream();
}

void xent_row_log_probs(const struct xent_row_shape *shape, const struct xent_line *logits, double max, double log1p_rest,
                        const struct xent_line *out, const struct xent_row_scratch *scratch, struct xent_span span)
{
    bool contiguous = xent_row_is_contiguous(shape, out->step);
    for (int64_t i = span.from; i < span.to; i++) {
        int64_t from = i * XENT_CHUNK;
        size_t n = xent_chunk_size(shape, from);
        const void *z = xent_chunk_of(shape, logits, from, n, scratch->logits, false);
        void *to = contiguous ? out->at + from * (ptrdiff_t)shape->size : scratch->logits;
        shape->kernels->log_probs(z, to, n, max, log1p_rest);
        xent_chunk_put(shape, to, n, out, from);
    }
}

void xent_row_fill(const struct xent_row_shape *shape, const struct xent_line *out, double value, struct xent_span span)
{
    int64_t from = span.from * XENT_CHUNK, to = span.to * XENT_CHUNK < shape->classes ? span.to * XENT_CHUNK : shape->classes;
    xent_fill(shape->dtype, xent_class_at(out, from), out->step, (size_t)(to - from), value);
}

void xent_row_store(const struct xent_row_shape *shape, double value, char *to)
{
    xent_store_float(shape->dtype, to, shape->real == XENT_F32 ? (double)(float)value : value);
}
