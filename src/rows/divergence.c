/* Pairs of rows, chunk by chunk. The chunks of a row are to it what classes are to a chunk: their shares diverge, and each has a divergence
 * of its own, which counts by its share in p. */
#include "rows/divergence.h"

#include <math.h>

#include "kernels/divergence.h"
#include "kernels/pair.h"

void xent_pair_type_init(struct xent_pair_type *pair, const struct xent_tensor *p, const struct xent_tensor *q, int64_t classes,
                         double scale, double softcap, const struct xent_kernels *backend)
{
    xent_row_type_init(&pair->p, p, classes, backend);
    xent_row_type_init(&pair->q, q, classes, backend);
    pair->type = pair->p.real == XENT_F64 ? pair->p : pair->q;
    if (scale != 1 || softcap != 0) xent_row_type_scale(&pair->type, scale, softcap);
    pair->direct = p->dtype == q->dtype && !xent_row_is_prepared(&pair->type);
}

/* ---- The first pass over a chunk ---------------------------------------------------------------------------------- */

/* n logits of a row: where they are or, unless `direct`, as reals. The kernel that makes coefficients is taken for the reading that it
   does, as doubles. */
static const void *logits_of(const struct xent_pair_type *pair, const struct xent_row_type *stored,
                             const struct xent_line *line, int64_t from, size_t n, void *copy, void *reals)
{
    const struct xent_row_type *type = &pair->type;
    const void *z = xent_chunk_read(line, from, n, copy, false);
    if (pair->direct) return z;
    if (type->real == stored->real) {
        stored->kernels->prepare(z, reals, n, type->scale, type->softcap);
        return reals;
    }
    stored->kernels->smooth(z, reals, n, 1, 0);
    if (xent_row_is_prepared(type)) type->real_kernels->prepare(reals, reals, n, type->scale, type->softcap);
    return reals;
}

/* The term of the class that the kernel leaves out. */
static void put_back_first(const struct xent_row_type *type, const struct xent_chunk *chunk, char *terms)
{
    double term = 0x1p64 / chunk->unit;
    xent_store_float(type->real, terms + chunk->first * type->real_size, type->real == XENT_F32 ? (double)(float)term : term);
}

/* Logits and terms of both chunks, and what kernels read them. */
struct chunks {
    const struct xent_pair_type *pair;
    const struct xent_stored_kernels *kernels;
    xent_dtype dtype;
    const char *p, *q, *term_p, *term_q;
    size_t n;
};

static double number(xent_dtype dtype, const char *numbers, size_t c)
{
    return xent_load_float(dtype, numbers + c * xent_element_size(dtype));
}

/* What is summed over classes, and over chunks; of the excess a quarter, which is finite where a logit of q is. */
struct sums {
    double excess, excess_error, lack, lack_error;
};

/* Adds a class, or a chunk, that has the shares p and q, which come times 2^64 as terms do: a share that would be subnormal counts where u
   is large. half: u / 2, which is finite where u is not. */
static void add_pair(struct sums *sums, double p64, double q64, double half)
{
    const double p = 0x1p-64 * p64, q = 0x1p-64 * q64, u = 2 * half;
    double quarter, lack;
    if (fabs(u + DIVERGENCE_CENTER) < DIVERGENCE_REACH) {
        const double excess = p * divergence_series(u);
        quarter = 0.25 * excess;
        lack = excess - p * u;
    } else {
        lack = q - p;
        quarter = 0.25 * lack + p64 * (0x1p-65 * half);
    }
    add_two(&sums->excess, &sums->excess_error, quarter);
    add_two(&sums->lack, &sums->lack_error, lack);
}

static double lack_of(const struct sums *sums) { return sums->lack + sums->lack_error; }

/* A quarter of the divergence. */
static double quarter_of(const struct sums *sums)
{
    const double lack = lack_of(sums) / 2; /* whose square is a quarter */
    if (sums->excess == (double)INFINITY) return sums->excess;
    return divergence_of(sums->excess + sums->excess_error, lack);
}

/* Half of (a - max_p) - (b - max_q) - lead, where lead is ln of the ratio of the sums beside e^max_p and e^max_q. As three numbers, of which none
   is lost beside another, however far apart they are. */
static double half_ratio(double a, double max_p, double b, double max_q, double lead)
{
    double half = a / 2, error = 0, of_q = b / 2, error_of_q = 0;
    add_two(&half, &error, -max_p / 2);
    add_two(&of_q, &error_of_q, -max_q / 2);
    add_two(&half, &error, -of_q);
    add_two(&half, &error, -lead / 2);
    return half + (error - error_of_q);
}

/* The same sums where the kernel's may have overflowed, or its offset would lose digits: logits that are that far from each other or
   from 0 are seldom. */
static __attribute__((cold, noinline)) void diverge_with_care(const struct chunks *of, const struct xent_chunk_pair *pair,
                                                              struct sums *sums)
{
    xent_dtype real = of->pair->type.real;
    const struct xent_state *of_p = &pair->p.state, *of_q = &pair->q.state;
    const double scale_p = pair->p.unit / (1 + of_p->rest), scale_q = pair->q.unit / (1 + of_q->rest);
    for (size_t c = 0; c < of->n; c++) {
        double a = number(of->dtype, of->p, c), b = number(of->dtype, of->q, c);
        double p = number(real, of->term_p, c) * scale_p, q = number(real, of->term_q, c) * scale_q;
        if (p == 0) {
            add_pair(sums, 0, q, 1);
        } else if (b == -(double)INFINITY) {
            sums->excess = (double)INFINITY;
            return;
        } else {
            add_pair(sums, p, q, half_ratio(a, of_p->max, b, of_q->max, pair->lead));
        }
    }
}

static bool is_near(const struct xent_pair_type *pair, double max)
{
    return fabs(max) < (pair->type.real == XENT_F64 ? XENT_DIVERGENCE_MAX_F64 : XENT_DIVERGENCE_MAX_F32);
}

static bool reaches_far(const struct xent_pair_type *pair, double reach)
{
    return !(reach < (pair->type.real == XENT_F64 ? XENT_DIVERGENCE_REACH_F64 : XENT_DIVERGENCE_REACH_F32));
}

/* Of chunks that both have a finite maximum. */
static void diverge(const struct chunks *of, struct xent_chunk_pair *pair)
{
    const struct xent_row_type *type = &of->pair->type;
    double rest[XENT_TILE_VECTOR] = { pair->p.state.rest, pair->q.state.rest }, logs[XENT_TILE_VECTOR];
    double share_p = divergence_share(pair->p.unit, pair->p.state.rest), lack;
    double share_q = divergence_share(pair->q.unit, pair->q.state.rest);
    struct xent_divergence found = { .share_p = share_p, .ratio = share_q / share_p, .reach = (double)INFINITY };
    type->kernels->real->log1p(rest, logs, 2);
    pair->lead = logs[0] - logs[1];
    found.offset = divergence_offset(pair->p.state.max, logs[0], pair->q.state.max, logs[1], &found.offset_low);
    if (is_near(of->pair, pair->p.state.max) && is_near(of->pair, pair->q.state.max))
        of->kernels->pair->diverge(of->p, of->q, of->term_p, of->term_q, of->n, &found);
    if (reaches_far(of->pair, found.reach)) {
        struct sums sums = { 0, 0, 0, 0 };
        diverge_with_care(of, pair, &sums);
        lack = lack_of(&sums);
        pair->quarter = quarter_of(&sums);
    } else {
        lack = share_p * found.lack;
        pair->quarter = 0.25 * divergence_of(share_p * found.excess, lack);
    }
    pair->lead -= divergence_drift(lack);
}

void xent_pair_reduce(const struct xent_pair_type *pair, const struct xent_line *p, const struct xent_line *q,
                      const struct xent_pair_terms *terms, const struct xent_pair_buffers *buffers, int64_t chunk,
                      struct xent_chunk_pair *to)
{
    const struct xent_row_type *type = &pair->type;
    const struct xent_stored_kernels *kernels = pair->direct ? type->kernels : type->real_kernels;
    int64_t from = chunk * XENT_CHUNK;
    size_t n = xent_chunk_size(type->classes, from);
    ptrdiff_t at = (ptrdiff_t)from * (ptrdiff_t)type->real_size;
    const void *of_p = logits_of(pair, &pair->p, p, from, n, buffers->copy_p, buffers->real_p);
    const void *of_q = logits_of(pair, &pair->q, q, from, n, buffers->copy_q, buffers->real_q);
    char *term_p = terms->p == NULL ? buffers->term_p : terms->p + at,
         *term_q = terms->q == NULL ? buffers->term_q : terms->q + at;
    const struct chunks of = { pair, kernels, pair->direct ? type->dtype : type->real, of_p, of_q, term_p, term_q, n };
    kernels->reduce(of_p, n, term_p, &to->p);
    kernels->reduce(of_q, n, term_q, &to->q);
    to->lead = to->quarter = 0;
    if (fabs(to->p.state.max) < (double)INFINITY) put_back_first(type, &to->p, term_p);
    if (fabs(to->q.state.max) < (double)INFINITY) put_back_first(type, &to->q, term_q);
    if (xent_state_is_finite(&to->p.state) && xent_state_is_finite(&to->q.state)) diverge(&of, to);
}

/* ---- The whole rows ------------------------------------------------------------------------------------------------ */

/* A chunk's share in its row, times 2^64. */
static double share_in(const struct xent_row_type *type, const struct xent_state *chunk, const struct xent_state *row)
{
    if (chunk->max == -(double)INFINITY) return 0;
    return type->kernels->real->relate(0x1p64 * (chunk->rest + 1), chunk->max, row->max) / (1 + row->rest);
}

double xent_pair_divergence(const struct xent_pair_type *pair, const struct xent_chunk_pair *chunks, const struct xent_state *p,
                            const struct xent_state *q)
{
    const struct xent_row_type *type = &pair->type;
    const int64_t count = xent_chunk_count(type->classes);
    double rest[XENT_TILE_VECTOR] = { p->rest, q->rest }, logs[XENT_TILE_VECTOR], lead;
    struct sums sums = { 0, 0, 0, 0 };
    if (!xent_state_is_finite(p) || !xent_state_is_finite(q)) return (double)NAN;
    if (count == 1) return 4 * chunks->quarter;
    type->kernels->real->log1p(rest, logs, 2);
    lead = logs[0] - logs[1];
    for (int64_t i = 0; i < count; i++) {
        const struct xent_chunk_pair *chunk = &chunks[i];
        const double of_p = share_in(type, &chunk->p.state, p), of_q = share_in(type, &chunk->q.state, q);
        if (of_p == 0) {
            add_pair(&sums, 0, of_q, 1);
            continue;
        }
        if (chunk->q.state.max == -(double)INFINITY) return (double)INFINITY;
        add_pair(&sums, of_p, of_q, half_ratio(chunk->p.state.max, p->max, chunk->q.state.max, q->max, lead - chunk->lead));
        add_two(&sums.excess, &sums.excess_error, of_p * (0x1p-64 * chunk->quarter));
    }
    return 4 * quarter_of(&sums);
}

/* ---- The second pass ----------------------------------------------------------------------------------------------- */

static double share_of_term(const struct xent_row_type *type, const struct xent_chunk *chunk, const struct xent_state *row)
{
    return divergence_share(chunk->unit * type->kernels->real->relate(1, chunk->state.max, row->max), row->rest);
}

/* The softcap's derivative at n logits of q; NULL without one. */
static const void *slopes_of(const struct xent_pair_type *pair, const struct xent_line *logits, int64_t from, size_t n,
                             const struct xent_pair_buffers *buffers)
{
    const struct xent_row_type *type = &pair->type;
    const void *z;
    if (type->softcap == 0) return NULL;
    z = xent_chunk_read(logits, from, n, buffers->copy_q, false);
    if (type->real == pair->q.real) {
        pair->q.kernels->slopes(z, buffers->real_q, n, type->scale, type->softcap);
    } else {
        pair->q.kernels->smooth(z, buffers->real_q, n, 1, 0);
        type->real_kernels->slopes(buffers->real_q, buffers->real_q, n, type->scale, type->softcap);
    }
    return buffers->real_q;
}

void xent_pair_write(const struct xent_pair_type *pair, const struct xent_line *logits, const struct xent_line *out,
                     const struct xent_pair_terms *terms, const struct xent_chunk_pair *chunks, const struct xent_state *p,
                     const struct xent_state *q, double factor, const struct xent_pair_buffers *buffers, struct xent_span span)
{
    const struct xent_row_type *type = &pair->type;
    const bool converts = type->real != pair->q.real;
    for (int64_t i = span.from; i < span.to; i++) {
        const int64_t from = i * XENT_CHUNK;
        const size_t n = xent_chunk_size(type->classes, from);
        const ptrdiff_t at = (ptrdiff_t)from * (ptrdiff_t)type->real_size;
        const void *slopes = slopes_of(pair, logits, from, n, buffers);
        const struct xent_differences by = { share_of_term(type, &chunks[i].p, p), share_of_term(type, &chunks[i].q, q),
                                             factor };
        if (converts) {
            type->real_kernels->pair->differences(terms->p + at, terms->q + at, slopes, buffers->real_p, n, &by);
            xent_chunk_convert(type->backend, type->real, buffers->real_p, n, out, from, buffers->copy_q);
        } else {
            void *to = xent_chunk_place(out, from, buffers->copy_q);
            pair->q.kernels->pair->differences(terms->p + at, terms->q + at, slopes, to, n, &by);
            xent_chunk_put(to, n, out, from);
        }
    }
}
