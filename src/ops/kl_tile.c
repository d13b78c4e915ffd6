/* Pairs of rows of a divergence side by side. The kernels lose the logits, so that the terms have tiles of their own. */
#include <math.h>
#include <string.h>

#include "kernels/divergence.h"
#include "kernels/pair.h"
#include "ops/kl.h"

static struct xent_tile_place place_of(const struct xent_kl *kl, const struct xent_position *position,
                                       const struct xent_tensor *tensor, int32_t operand)
{
    return (struct xent_tile_place){ .at = (char *)tensor->data + position->offset[operand],
                                     .row_step = xent_walk_step(&kl->loss.walk, operand),
                                     .class_step = tensor->step[kl->loss.axis] };
}

static struct xent_tile *state_of_p(const struct xent_kl *kl, const struct xent_tile_rows *tile)
{
    return xent_arena_at(tile->memory, kl->tile_state_p);
}

static struct xent_tile_divergence *divergence_in(const struct xent_kl *kl, const struct xent_tile_rows *tile)
{
    return xent_arena_at(tile->memory, kl->tile_divergence);
}

/* Which rows are ignored; their weights and factors. */
static void read_rows(const struct xent_kl *kl, const struct xent_position *first, struct xent_tile_rows *tile)
{
    struct xent_position position = *first;
    const bool gradient = kl->loss.grad_logits != NULL;
    tile->ignored_rows = 0;
    for (size_t i = 0; i < tile->rows; i++) {
        tile->ignored[i] = xent_kl_row_is_ignored(kl, &position, &tile->weight[i]);
        tile->ignored_rows += tile->ignored[i];
        if (gradient) tile->factor[i] = tile->ignored[i] ? 0 : xent_loss_factor(&kl->loss, &position, tile->weight[i]);
        for (int32_t k = 0; k < XENT_KL_OPERANDS; k++) position.offset[k] += xent_walk_step(&kl->loss.walk, k);
    }
    /* kernels take whole vectors of them */
    for (size_t i = tile->rows; i < XENT_TILE && gradient; i++) tile->factor[i] = 0;
}

/* The logits of p, which are read here, have a tile of their own. */
static void read_p(const struct xent_kl *kl, const struct xent_position *position, struct xent_tile_rows *tile)
{
    const struct xent_tile_place from = place_of(kl, position, kl->logits_p, XENT_KL_P);
    struct xent_row_type type = kl->type.p;
    void *reals = tile->reals, *slopes = tile->slopes;
    tile->reals = xent_arena_at(tile->memory, kl->tile_p);
    tile->slopes = NULL;
    xent_tile_read(&type, tile, &from, tile->reals);
    type.scale = kl->type.type.scale;
    type.softcap = kl->type.type.softcap;
    if (xent_row_is_prepared(&type)) xent_tile_prepare(&type, tile);
    tile->reals = reals;
    tile->slopes = slopes;
}

static void begin(const void *call, const struct xent_position *position, struct xent_tile_rows *tile)
{
    const struct xent_kl *kl = call;
    tile->in = place_of(kl, position, kl->loss.logits, XENT_LOSS_LOGITS);
    if (kl->loss.grad_logits != NULL) tile->out = place_of(kl, position, kl->loss.grad_logits, XENT_LOSS_GRAD);
    if (kl->tile_slopes != XENT_NOWHERE) tile->slopes = xent_arena_at(tile->memory, kl->tile_slopes);
    read_rows(kl, position, tile);
    read_p(kl, position, tile);
}

/* The first pass over one of the tiles: its terms, which begin as its logits. No class is a target: the first maximum stands for it. */
static void find_terms(const struct xent_row_type *type, const struct xent_tile_rows *tile, const void *logits, void *terms,
                       const struct xent_tile_ahead *ahead, struct xent_tile *state)
{
    const struct xent_real_kernels *kernels = type->kernels->real;
    const size_t classes = (size_t)type->classes;
    memcpy(terms, logits, classes * XENT_TILE * type->real_size);
    kernels->tile_maxima(terms, tile->rows, classes, state);
    memcpy(state->target, state->first, sizeof state->first);
    (void)kernels->tile_terms(terms, tile->rows, classes, XENT_KEEPS_TERMS, false, ahead, state);
}

/* A divergence stands in the place of the gap, as in the state of a row. A row is regular that is so on both sides, where no class has
   probabilities too far apart. */
static void reduce(const void *call, struct xent_tile_rows *tile)
{
    static const struct xent_tile_ahead nothing = { .count = 0 };
    const struct xent_kl *kl = call;
    const struct xent_row_type *type = &kl->type.type;
    const double most = type->real == XENT_F64 ? XENT_DIVERGENCE_REACH_F64 : XENT_DIVERGENCE_REACH_F32;
    struct xent_tile *p = state_of_p(kl, tile), *q = &tile->state;
    struct xent_tile_divergence *divergence = divergence_in(kl, tile);
    void *of_p = xent_arena_at(tile->memory, kl->tile_p);
    void *terms_p = xent_arena_at(tile->memory, kl->tile_terms_p), *terms_q = xent_arena_at(tile->memory, kl->tile_terms_q);
    find_terms(type, tile, of_p, terms_p, &tile->ahead, p);
    find_terms(type, tile, tile->reals, terms_q, &nothing, q);
    type->kernels->real->pair->diverge(of_p, tile->reals, terms_p, terms_q, tile->rows, (size_t)type->classes, p, q,
                                       divergence);
    tile->regular_rows = 0;
    for (size_t i = 0; i < tile->rows; i++) {
        q->regular[i] = q->regular[i] & p->regular[i] & (divergence->reach[i] < most);
        q->gap[i] = divergence->divergence[i];
        tile->regular_rows += (size_t)q->regular[i];
    }
}

static void finish(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_kl *kl = call;
    (void)kl;
    for (size_t i = 0; i < tile->rows; i++)
        tile->result[i] = tile->ignored[i] ? 0 : xent_loss_weighted(tile->state.gap[i], tile->weight[i]);
}

static void make_entries(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_kl *kl = call;
    const struct xent_row_type *type = &kl->type.type;
    type->kernels->real->pair->differences(xent_arena_at(tile->memory, kl->tile_terms_p),
                                           xent_arena_at(tile->memory, kl->tile_terms_q), tile->slopes, tile->rows,
                                           (size_t)type->classes, divergence_in(kl, tile), tile->factor, tile->reals);
    tile->made = true;
    for (size_t i = 0; i < tile->rows; i++) {
        bool fits = tile->state.regular[i] && tile->factor[i] == tile->factor[i] && kl->loss.divisor != 0;
        tile->alone[i] = !tile->ignored[i] && !fits;
        tile->alone_rows += tile->alone[i];
    }
}

const struct xent_tile_steps xent_kl_tile_steps = { begin, reduce, finish, NULL };
const struct xent_tile_steps xent_kl_gradient_tile_steps = { begin, reduce, finish, make_entries };
