#include "rows/row.h"

#include "rows/chunk.h"
#include "args/element.h"
#include "args/walk.h"

#define TREE_DEPTH 52 /* levels of a tree over the chunks of 2^63 classes */

/* What goes past the caches is not read from memory first, but waits for it where a line is left half written, at the ends of a row;
   its terms must stay in a cache. As measured in docs/performance.md; elements of 16 bits gain nothing. */
#define STREAM_BYTES ((size_t)32 << 20)
#define STREAM_ROW_LEAST ((size_t)8 << 10)
#define STREAM_ROW_MOST ((size_t)4 << 20)

bool xent_row_streams(const struct xent_row_shape *shape, size_t bytes)
{
    size_t row = (size_t)shape->classes * shape->real_size;
    return shape->real == shape->dtype && bytes >= STREAM_BYTES && row >= STREAM_ROW_LEAST && row <= STREAM_ROW_MOST;
}

double xent_row_logit(const struct xent_row_shape *shape, const struct xent_line *logits, int64_t class_index)
{
    const char *at = logits->at + (ptrdiff_t)class_index * logits->step;
    double real;
    if (!shape->prepared) return xent_load_float(shape->dtype, at);
    shape->kernels->prepare(at, &real, 1, shape->scale, shape->softcap);
    return xent_load_float(shape->real, &real);
}

/* A binary tree over the chunk index, left operand first; a node whose right half is empty is its left half. */
struct tree {
    struct xent_state node[TREE_DEPTH];
    int32_t nodes;
};

static void tree_add(struct tree *tree, const struct xent_stored_kernels *kernels, int64_t chunk,
                     const struct xent_state *state)
{
    tree->node[tree->nodes++] = *state;
    for (; chunk & 1; chunk >>= 1) {
        kernels->real->merge(&tree->node[tree->nodes - 2], &tree->node[tree->nodes - 1]);
        tree->nodes--;
    }
}

static struct xent_state tree_total(struct tree *tree, const struct xent_stored_kernels *kernels)
{
    for (; tree->nodes > 1; tree->nodes--) kernels->real->merge(&tree->node[tree->nodes - 2], &tree->node[tree->nodes - 1]);
    return tree->node[0];
}

/* The first pass over a row, chunk by chunk. */
struct first_pass {
    const struct xent_row_shape *shape;
    const struct xent_line *line;
    const struct xent_coefficients *coefficients;
    char *terms;
    const struct xent_row_scratch *scratch;
    void (*chunk)(const struct first_pass *pass, int64_t from, size_t n, struct xent_chunk *chunk);
};

static void reduce_chunk(const struct first_pass *pass, int64_t from, size_t n, struct xent_chunk *chunk)
{
    const struct xent_row_shape *shape = pass->shape;
    const struct xent_stored_kernels *kernels = shape->prepared ? shape->real_kernels : shape->kernels;
    bool overwritten = pass->coefficients != NULL && pass->terms == pass->line->at && !shape->prepared;
    const void *z = xent_chunk_of(shape, pass->line, from, n, pass->scratch->logits, overwritten);
    struct xent_chunk_coef coef;
    if (shape->prepared) {
        shape->kernels->prepare(z, pass->scratch->prepared, n, shape->scale, shape->softcap);
        z = pass->scratch->prepared;
    }
    kernels->reduce(z, n, pass->terms == NULL ? NULL : pass->terms + from * (ptrdiff_t)shape->real_size, chunk);
    if (pass->coefficients == NULL) return;
    coef = xent_chunk_coefficients(shape, pass->coefficients, from, n, pass->scratch->coef);
    kernels->weigh(z, &coef, n, &chunk->state);
}

static void dot_chunk(const struct first_pass *pass, int64_t from, size_t n, struct xent_chunk *chunk)
{
    const struct xent_row_shape *shape = pass->shape;
    struct xent_chunk_coef coef = xent_chunk_coefficients(shape, pass->coefficients, from, n, pass->scratch->coef);
    chunk->state = (struct xent_state){ 0, 0, 0, 0, 0 };
    shape->kernels->weigh(xent_chunk_of(shape, pass->line, from, n, pass->scratch->logits, false), &coef, n, &chunk->state);
}

static struct xent_state reduce_all(const struct first_pass *pass)
{
    const struct xent_row_shape *shape = pass->shape;
    struct tree tree;
    tree.nodes = 0;
    for (int64_t from = 0, i = 0; from < shape->classes; from += XENT_CHUNK, i++) {
        struct xent_chunk chunk;
        pass->chunk(pass, from, xent_chunk_size(shape, from), &chunk);
        if (pass->terms != NULL) pass->scratch->chunks[i] = chunk;
        if (shape->classes <= XENT_CHUNK) return chunk.state;
        tree_add(&tree, shape->kernels, i, &chunk.state);
    }
    return tree_total(&tree, shape->kernels);
}

static void reduce_span(const struct first_pass *pass, struct xent_span span)
{
    for (int64_t i = span.from; i < span.to; i++)
        pass->chunk(pass, i * XENT_CHUNK, xent_chunk_size(pass->shape, i * XENT_CHUNK), &pass->scratch->chunks[i]);
}

struct xent_state xent_row_merge(const struct xent_row_shape *shape, const struct xent_chunk *chunks)
{
    int64_t count = xent_chunk_count(shape->classes);
    struct tree tree;
    tree.nodes = 0;
    for (int64_t i = 0; i < count; i++) tree_add(&tree, shape->kernels, i, &chunks[i].state);
    return tree_total(&tree, shape->kernels);
}

struct xent_state xent_row_reduce(const struct xent_row_shape *shape, const struct xent_line *logits,
                                  const struct xent_coefficients *coefficients, char *terms,
                                  const struct xent_row_scratch *scratch)
{
    struct first_pass pass = { shape, logits, coefficients, terms, scratch, reduce_chunk };
    return reduce_all(&pass);
}

void xent_row_reduce_span(const struct xent_row_shape *shape, const struct xent_line *logits,
                          const struct xent_coefficients *coefficients, char *terms, const struct xent_row_scratch *scratch,
                          struct xent_span span)
{
    struct first_pass pass = { shape, logits, coefficients, terms, scratch, reduce_chunk };
    reduce_span(&pass, span);
}

struct xent_state xent_row_dot(const struct xent_row_shape *shape, const struct xent_line *elements,
                               const struct xent_coefficients *coefficients, const struct xent_row_scratch *scratch)
{
    struct first_pass pass = { shape, elements, coefficients, NULL, scratch, dot_chunk };
    return reduce_all(&pass);
}

void xent_row_dot_span(const struct xent_row_shape *shape, const struct xent_line *elements,
                       const struct xent_coefficients *coefficients, const struct xent_row_scratch *scratch,
                       struct xent_span span)
{
    struct first_pass pass = { shape, elements, coefficients, NULL, scratch, dot_chunk };
    reduce_span(&pass, span);
}
