/* What the rows of a loss that go side by side read beside their logits. */
#ifndef XENT_OPS_LOSS_TILE_H
#define XENT_OPS_LOSS_TILE_H

#include "ops/loss.h"

#define XENT_TILE_DOUBLES 8 /* of a vector at most */

/* Where the rows' logits lie, their targets, weights and, given with_factors, their factors and where the gradient lies. */
void xent_loss_tile_begin(const struct xent_loss *loss, const struct xent_position *position, bool with_factors,
                          struct xent_tile_rows *tile);

/* The coefficients of all classes, where they have any. */
void xent_loss_tile_find_coefficients(const struct xent_loss *loss, const struct xent_position *position,
                                      struct xent_tile_rows *tile);
static inline void xent_loss_tile_coefficients(const struct xent_loss *loss, const struct xent_position *position,
                                               struct xent_tile_rows *tile)
{
    if (loss->dense) xent_loss_tile_find_coefficients(loss, position, tile);
}

/* Adds what the latter needs to a task's memory. */
void xent_loss_tile_memory(struct xent_loss *loss, size_t *task_bytes);

#endif
