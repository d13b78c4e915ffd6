/* The log-probabilities of the rows of a tile. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_TILE_LOG_PROBS_INC_H
#define XENT_KERNELS_TILE_LOG_PROBS_INC_H

#include "log_prob.inc.h"
#include "tile_rows.inc.h"

/* Of the WIDTH rows from r on, of which there are `left`. */
static inline struct log_prob_by log_prob_by_rows(const struct xent_tile *state, size_t r, size_t left)
{
    vf64 max[PARTS], log1p_rest[PARTS];
    load_row_doubles(state->max + r, left, max);
    load_row_doubles(state->log1p_rest + r, left, log1p_rest);
    return log_prob_by(max, log1p_rest);
}

static void tile_log_probs(void *logits, size_t rows, size_t classes, const struct xent_tile *state)
{
    real *tile = logits;
    for (size_t r = 0; r < rows; r += WIDTH) {
        const struct log_prob_by by = log_prob_by_rows(state, r, rows - r);
        for (real *x = tile + r; x != tile + r + classes * XENT_TILE; x += XENT_TILE) v_store(x, log_prob(x, &by));
    }
}

/* Class by class, so that each line of the output is written once, as a whole. */
static void tile_write_log_probs(const void *logits, size_t classes, const struct xent_tile *state,
                                 const struct xent_tile_place *place)
{
    enum { VECTORS = XENT_TILE / WIDTH };
    struct xent_tile_place to = *place;
    const real *tile = logits;
    struct log_prob_by by[VECTORS];
    for (size_t v = 0; v < VECTORS; v++) by[v] = log_prob_by_rows(state, v * WIDTH, WIDTH);
    for (size_t c = 0; c < classes; c++, tile += XENT_TILE, to.at += to.class_step)
        for (size_t v = 0; v < VECTORS; v += 2) {
            const vector pair[] = { log_prob(tile + v * WIDTH, &by[v]), log_prob(tile + (v + 1) * WIDTH, &by[v + 1]) };
            store_numbers((stored *)(void *)to.at + v * WIDTH, pair);
        }
}

#endif
