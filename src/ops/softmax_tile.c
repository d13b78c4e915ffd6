/* Rows of softmax, log_softmax and logsumexp side by side. */
#include <math.h>
#include <string.h>

#include "ops/softmax.h"

static void begin(const void *call, const struct xent_position *position, struct xent_tile_rows *tile)
{
    const struct xent_softmax *softmax = call;
    tile->in = (struct xent_tile_place){ .at = (char *)softmax->z->data + position->offset[XENT_SOFTMAX_Z],
                                         .row_step = xent_walk_step(&softmax->walk, XENT_SOFTMAX_Z),
                                         .class_step = softmax->z->step[softmax->axis] };
    tile->ignored_rows = 0;
    if (softmax->kind == XENT_LOGSUMEXP) return;
    tile->out = (struct xent_tile_place){ .at = (char *)softmax->out->data + position->offset[XENT_SOFTMAX_OUT],
                                          .row_step = xent_walk_step(&softmax->walk, XENT_SOFTMAX_OUT),
                                          .class_step = softmax->out->step[softmax->axis] };
}

/* Of a few rows without a call of memcpy. */
static inline void target_first(struct xent_tile *state, size_t rows)
{
    enum { FEW = 8 };
    if (rows <= FEW)
        memcpy(state->target, state->first, FEW * sizeof state->first[0]);
    else
        memcpy(state->target, state->first, rows * sizeof state->first[0]);
}

/* No class is a target: where entries come from terms, the first maximum, whose entry is one of its own, stands for it. */
static void reduce(const void *call, struct xent_tile_rows *tile)
{
    static const enum xent_tile_keeps keeps[] = {
        [XENT_SOFTMAX] = XENT_KEEPS_TERMS, [XENT_LOG_SOFTMAX] = XENT_KEEPS_LOGITS, [XENT_LOGSUMEXP] = XENT_KEEPS_NOTHING
    };
    const struct xent_softmax *softmax = call;
    const struct xent_real_kernels *kernels = softmax->type.kernels->real;
    struct xent_tile *state = &tile->state;
    size_t classes = (size_t)softmax->type.classes;
    kernels->tile_maxima(tile->reals, tile->rows, classes, state);
    if (softmax->kind == XENT_SOFTMAX) target_first(state, tile->rows);
    tile->regular_rows =
        kernels->tile_terms(tile->reals, tile->rows, classes, keeps[softmax->kind], false, &tile->ahead, state);
}

static void find_logarithms(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_softmax *softmax = call;
    struct xent_tile *state = &tile->state;
    softmax->type.kernels->real->log1p(state->rest, state->log1p_rest, tile->rows);
}

static void finish_logsumexp(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_tile *state = &tile->state;
    find_logarithms(call, tile);
    for (size_t i = 0; i < tile->rows; i++) tile->result[i] = state->max[i] + state->log1p_rest[i];
}

static inline void mark_alone(struct xent_tile_rows *tile)
{
    tile->alone_rows = tile->rows - tile->regular_rows;
    for (size_t i = 0; i < tile->rows && tile->alone_rows > 0; i++) tile->alone[i] = !tile->state.regular[i];
}

static void scale_probabilities(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_softmax *softmax = call;
    softmax->type.kernels->real->tile_shares(&tile->state, tile->rows);
    mark_alone(tile);
}

/* They are made on their way to the output where that takes a whole tile of rows side by side. */
static void make_log_probabilities(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_softmax *softmax = call;
    mark_alone(tile);
    tile->made = tile->alone_rows > 0 || tile->rows < XENT_TILE || tile->out.row_step != (ptrdiff_t)softmax->written->size;
    tile->log_probs = !tile->made;
    if (tile->made)
        softmax->written->kernels->tile_log_probs(tile->reals, tile->rows, (size_t)softmax->type.classes, &tile->state);
}

const struct xent_tile_steps xent_softmax_tile_steps[] = {
    [XENT_SOFTMAX] = { begin, reduce, NULL, scale_probabilities },
    [XENT_LOG_SOFTMAX] = { begin, reduce, find_logarithms, make_log_probabilities },
    [XENT_LOGSUMEXP] = { begin, reduce, finish_logsumexp, NULL },
};
