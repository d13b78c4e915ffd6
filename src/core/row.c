#include "core/row.h"

#include "core/chunk.h"
#include "core/element.h"
#include "core/walk.h"

#define TREE_DEPTH 52 /* levels of a tree over the chunks of 2^63 classes */

const struct xent_row_kernels *xent_row_kernels_of(const struct xent_kernels *backend, xent_dtype dtype)
{
    switch (dtype) {
    case XENT_F32: return &backend->f32;
    case XENT_F16: return &backend->f16;
    case XENT_BF16: return &backend->bf16;
    default: return &backend->f64;
    }
}

struct xent_row_shape xent_row_shape_of(xent_dtype dtype, int64_t classes, const struct xent_kernels *kernels)
{
    xent_dtype real = xent_element_real(dtype);
    return (struct xent_row_shape){ .backend = kernels,
                                    .kernels = xent_row_kernels_of(kernels, dtype),
                                    .real_kernels = xent_row_kernels_of(kernels, real),
                                    .dtype = dtype,
                                    .real = real,
                                    .size = xent_element_size(dtype),
                                    .real_size = xent_element_size(real),
                                    .classes = classes,
                                    .scale = 1 };
}

void xent_row_shape_prepare(struct xent_row_shape *shape, double scale, double softcap)
{
    shape->scale = shape->real == XENT_F32 ? (double)(float)scale : scale;
    shape->softcap = shape->real == XENT_F32 ? (double)(float)softcap : softcap;
    shape->prepared = shape->scale != 1 || shape->softcap != 0;
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

static void tree_add(struct tree *tree, const struct xent_row_kernels *kernels, int64_t chunk, const struct xent_state *state)
{
    tree->node[tree->nodes++] = *state;
    for (; chunk & 1; chunk >>= 1) {
        kernels->merge(&tree->node[tree->nodes - 2], &tree->node[tree->nodes - 1]);
        tree->nodes--;
    }
}

static struct xent_state tree_total(struct tree *tree, const struct xent_row_kernels *kernels)
{
    for (; tree->nodes > 1; tree->nodes--) kernels->merge(&tree->node[tree->nodes - 2], &tree->node[tree->nodes - 1]);
    return tree->node[0];
}

struct xent_state xent_row_reduce(const struct xent_row_shape *shape, const struct xent_line *logits,
                                  const struct xent_coefficients *coefficients, char *terms,
                                  const struct xent_row_scratch *scratch)
{
    const struct xent_row_kernels *kernels = shape->prepared ? shape->real_kernels : shape->kernels;
    bool overwritten = coefficients != NULL && terms == logits->at && !shape->prepared;
    struct tree tree;
    tree.nodes = 0;
    for (int64_t from = 0, i = 0; from < shape->classes; from += XENT_CHUNK, i++) {
        size_t n = xent_chunk_size(shape, from);
        const void *z = xent_chunk_of(shape, logits, from, n, scratch->logits, overwritten);
        struct xent_chunk chunk;
        if (shape->prepared) {
            shape->kernels->prepare(z, scratch->prepared, n, shape->scale, shape->softcap);
            z = scratch->prepared;
        }
        kernels->reduce(z, n, terms == NULL ? NULL : terms + from * (ptrdiff_t)shape->real_size, &chunk);
        if (coefficients != NULL) {
            struct xent_chunk_coef coef = xent_chunk_coefficients(shape, coefficients, from, n, scratch->coef);
            kernels->weigh(z, &coef, n, &chunk.state);
        }
        if (terms != NULL) scratch->chunks[i] = chunk;
        if (shape->classes <= XENT_CHUNK) return chunk.state;
        tree_add(&tree, kernels, i, &chunk.state);
    }
    return tree_total(&tree, kernels);
}

struct xent_state xent_row_dot(const struct xent_row_shape *shape, const struct xent_line *elements,
                               const struct xent_coefficients *coefficients, const struct xent_row_scratch *scratch)
{
    struct tree tree;
    tree.nodes = 0;
    for (int64_t from = 0, i = 0; from < shape->classes; from += XENT_CHUNK, i++) {
        size_t n = xent_chunk_size(shape, from);
        struct xent_state state = { 0, 0, 0, 0, 0 };
        struct xent_chunk_coef coef = xent_chunk_coefficients(shape, coefficients, from, n, scratch->coef);
        shape->kernels->weigh(xent_chunk_of(shape, elements, from, n, scratch->logits, false), &coef, n, &state);
        tree_add(&tree, shape->kernels, i, &state);
    }
    return tree_total(&tree, shape->kernels);
}
