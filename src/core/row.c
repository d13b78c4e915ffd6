#include "core/row.h"

#include "core/element.h"
#include "core/target.h"

#define TREE_DEPTH 52 /* levels of a tree over the chunks of 2^63 classes */

const struct xent_row_kernels *xent_row_kernels_for(const struct xent_kernels *kernels, xent_dtype dtype)
{
    return dtype == XENT_F32 ? &kernels->f32 : &kernels->f64;
}

struct xent_row_shape xent_row_shape_of(const struct xent_tensor *logits, int32_t axis, const struct xent_kernels *kernels)
{
    return (struct xent_row_shape){ xent_row_kernels_for(kernels, logits->dtype), logits->dtype,
                                    xent_element_size(logits->dtype), logits->shape[axis] };
}

static size_t chunk_size(const struct xent_row_shape *shape, int64_t from)
{
    return shape->classes - from < XENT_CHUNK ? (size_t)(shape->classes - from) : XENT_CHUNK;
}

static char *class_at(const struct xent_line *line, int64_t class_index)
{
    return line->at + (ptrdiff_t)class_index * line->step;
}

/* n classes of a line as contiguous memory: where they are, or copied. */
static const void *chunk_of(const struct xent_row_shape *shape, const struct xent_line *line, int64_t from, size_t n,
                            void *copy, bool must_copy)
{
    if (!must_copy && xent_row_is_contiguous(shape, line->step)) return line->at + from * (ptrdiff_t)shape->size;
    xent_gather(line->dtype, class_at(line, from), line->step, n, copy);
    return copy;
}

static void fill_coefficients(const struct xent_coefficients *coefficients, int64_t from, size_t n, double *coef)
{
    const struct xent_line *probability = &coefficients->probability;
    xent_gather_doubles(probability->dtype, class_at(probability, from), probability->step, n, coef);
    if (coefficients->class_weight == NULL) return;
    for (size_t i = 0; i < n; i++) coef[i] *= xent_weight_of(coefficients->class_weight, from + (int64_t)i);
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
    const struct xent_row_kernels *kernels = shape->kernels;
    bool overwritten = coefficients != NULL && terms == logits->at;
    struct tree tree;
    tree.nodes = 0;
    for (int64_t from = 0, i = 0; from < shape->classes; from += XENT_CHUNK, i++) {
        size_t n = chunk_size(shape, from);
        const void *z = chunk_of(shape, logits, from, n, scratch->logits, overwritten);
        struct xent_chunk chunk;
        kernels->reduce(z, n, terms == NULL ? NULL : terms + from * (ptrdiff_t)shape->size, &chunk);
        if (coefficients != NULL) {
            fill_coefficients(coefficients, from, n, scratch->coef);
            kernels->weigh(z, scratch->coef, n, &chunk.state);
        }
        if (terms != NULL) scratch->chunks[i] = chunk;
        if (shape->classes <= XENT_CHUNK) return chunk.state;
        tree_add(&tree, kernels, i, &chunk.state);
    }
    return tree_total(&tree, kernels);
}

double xent_row_dot(const struct xent_row_shape *shape, const struct xent_line *logp,
                    const struct xent_coefficients *coefficients, const struct xent_row_scratch *scratch)
{
    struct tree tree;
    tree.nodes = 0;
    for (int64_t from = 0, i = 0; from < shape->classes; from += XENT_CHUNK, i++) {
        size_t n = chunk_size(shape, from);
        struct xent_state state = { 0, 0, 0, 0, 0 };
        fill_coefficients(coefficients, from, n, scratch->coef);
        shape->kernels->weigh(chunk_of(shape, logp, from, n, scratch->logits, false), scratch->coef, n, &state);
        tree_add(&tree, shape->kernels, i, &state);
    }
    return tree_total(&tree, shape->kernels).gap;
}

/* A single entry from double, where its class has no term or most of p - coef cancels. */
static void store_entry(const struct xent_row_shape *shape, const struct xent_row_gradient *gradient, double p, double coef,
                        char *to)
{
    double entry = gradient->total * p - coef;
    xent_store_float(shape->dtype, to, entry == 0 ? 0 : gradient->factor * entry);
}

/* p - 1 of a target that is the row's maximum is -rest / (1 + rest), with all its digits. */
static void store_leading_target(const struct xent_row_shape *shape, const struct xent_state *state,
                                 const struct xent_row_gradient *gradient, char *to)
{
    double entry = gradient->total * state->rest / (1 + state->rest);
    xent_store_float(shape->dtype, to, entry == 0 ? 0 : -(gradient->factor * entry));
}

struct second_pass {
    const struct xent_row_shape *shape;
    const struct xent_state *state;
    const struct xent_row_gradient *gradient;
    bool wild; /* something overflows on the usual way */
};

/* Entries of one chunk, in place of its terms. leads: the row's first maximum is this chunk's. */
static void write_chunk(const struct second_pass *pass, const struct xent_chunk *chunk, int64_t from, size_t n, bool leads,
                        char *terms, double *coef)
{
    const struct xent_row_shape *shape = pass->shape;
    const struct xent_row_gradient *gradient = pass->gradient;
    double share = shape->kernels->relate(chunk->state.max, pass->state->max) / (1 + pass->state->rest);
    struct xent_rescale rescale = { gradient->factor, gradient->total, share, chunk->unit };
    bool has_target = gradient->target >= from && gradient->target - from < (int64_t)n;
    size_t target = has_target ? (size_t)(gradient->target - from) : 0;
    double term = has_target ? xent_load_float(shape->dtype, terms + target * shape->size) : 0;
    if (gradient->coefficients != NULL) fill_coefficients(gradient->coefficients, from, n, coef);
    (pass->wild ? shape->kernels->wild_entries : shape->kernels->entries)(terms, coef, terms, n, &rescale);
    if (has_target && target == chunk->first && leads) {
        store_leading_target(shape, pass->state, gradient, terms + target * shape->size);
        return;
    }
    store_entry(shape, gradient, share, coef == NULL ? 0 : coef[chunk->first], terms + chunk->first * shape->size);
    if (!has_target) return;
    if (target != chunk->first) share *= term * 0x1p-64 * chunk->unit;
    store_entry(shape, gradient, share, gradient->target_coef, terms + target * shape->size);
}

void xent_row_write(const struct xent_row_shape *shape, const struct xent_state *state,
                    const struct xent_row_gradient *gradient, char *terms, const struct xent_line *out,
                    const struct xent_row_scratch *scratch)
{
    bool dense = gradient->coefficients != NULL, led = false;
    double peak = dense ? state->coef_peak : gradient->target_coef;
    struct second_pass pass = { shape, state, gradient, !shape->kernels->fits(gradient->factor, gradient->total, peak) };
    for (int64_t from = 0, i = 0; from < shape->classes; from += XENT_CHUNK, i++) {
        const struct xent_chunk *chunk = &scratch->chunks[i];
        size_t n = chunk_size(shape, from);
        bool leads = !led && chunk->state.max == state->max;
        char *at = terms + from * (ptrdiff_t)shape->size;
        led = led || leads;
        write_chunk(&pass, chunk, from, n, leads, at, dense ? scratch->coef : NULL);
        if (terms != out->at) xent_scatter(shape->dtype, at, n, class_at(out, from), out->step);
    }
}

void xent_row_log_probs(const struct xent_row_shape *shape, const struct xent_line *logits, double max, double log1p_rest,
                        const struct xent_line *out, const struct xent_row_scratch *scratch)
{
    for (int64_t from = 0; from < shape->classes; from += XENT_CHUNK) {
        size_t n = chunk_size(shape, from);
        const void *z = chunk_of(shape, logits, from, n, scratch->logits, false);
        if (xent_row_is_contiguous(shape, out->step)) {
            shape->kernels->log_probs(z, out->at + from * (ptrdiff_t)shape->size, n, max, log1p_rest);
            continue;
        }
        shape->kernels->log_probs(z, scratch->logits, n, max, log1p_rest);
        xent_scatter(shape->dtype, scratch->logits, n, class_at(out, from), out->step);
    }
}
