/* The largest classes of rows side by side. The kernel that finds them finds the maxima, so that the terms need no other look at the logits. */
#include "ops/top_k.h"

static void begin(const void *call, const struct xent_position *position, struct xent_tile_rows *tile)
{
    const struct xent_top_k_call *top_k = call;
    tile->in = xent_top_k_place(top_k, position, top_k->z, XENT_TOP_K_Z);
    tile->ignored_rows = 0;
    if (top_k->logp != NULL) tile->out = xent_top_k_place(top_k, position, top_k->logp, XENT_TOP_K_LOGP);
    if (top_k->index != NULL) tile->indices = xent_top_k_place(top_k, position, top_k->index, XENT_TOP_K_INDEX);
}

static void reduce(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_top_k_call *top_k = call;
    const struct xent_real_kernels *kernels = top_k->type.kernels->real;
    const size_t rows = tile->rows, classes = (size_t)top_k->type.classes;
    struct xent_tile *state = &tile->state;
    tile->regular_rows =
        kernels->tile_top(tile->reals, rows, classes, (size_t)top_k->k, xent_arena_at(tile->memory, top_k->tile_best),
                          xent_arena_at(tile->memory, top_k->tile_at), state);
    if (top_k->logp == NULL) return;
    tile->regular_rows = kernels->tile_terms(tile->reals, rows, classes, XENT_KEEPS_NOTHING, false, &tile->ahead, state);
}

static void write_indices(const struct xent_top_k_call *top_k, const struct xent_tile_rows *tile)
{
    const int32_t *at = xent_arena_at(tile->memory, top_k->tile_at);
    for (int64_t i = 0; i < top_k->k; i++, at += XENT_TILE) {
        int64_t indices[XENT_TILE];
        for (size_t r = 0; r < tile->rows; r++) indices[r] = at[r];
        xent_put_indices(top_k->index->dtype, tile->indices.at + (ptrdiff_t)i * tile->indices.class_step,
                         tile->indices.row_step, tile->rows, indices);
    }
}

static void write_log_probabilities(const struct xent_top_k_call *top_k, struct xent_tile_rows *tile)
{
    const struct xent_real_kernels *kernels = top_k->type.kernels->real;
    struct xent_tile *state = &tile->state;
    void *best = xent_arena_at(tile->memory, top_k->tile_best);
    kernels->log1p(state->rest, state->log1p_rest, tile->rows);
    top_k->written.kernels->tile_log_probs(best, tile->rows, (size_t)top_k->k, state);
    top_k->written.kernels->tile_write(best, tile->rows, (size_t)top_k->k, NULL, &tile->out);
}

static void finish(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_top_k_call *top_k = call;
    if (top_k->index != NULL) write_indices(top_k, tile);
    if (top_k->logp != NULL) write_log_probabilities(top_k, tile);
}

const struct xent_tile_steps xent_top_k_tile_steps = { .begin = begin, .reduce = reduce, .finish = finish };
