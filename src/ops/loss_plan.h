/* The plans of the losses, and the steps of a row that they choose among. */
#ifndef XENT_OPS_LOSS_PLAN_H
#define XENT_OPS_LOSS_PLAN_H

#include "ops/loss.h"

/* What both plans begin with: the rows' type, whether the coefficients are dense, where the results go, the tasks. work: logits that
   are read. */
void xent_loss_plan(struct xent_loss *loss, const struct xent_settings *settings, const struct xent_row_steps *steps,
                    int64_t work, struct xent_drive *drive);

/* What MEAN divides by, given the row type; it may take a pass over the targets. */
void xent_loss_find_divisor(struct xent_loss *loss);

/* Bytes for a chunk's coefficients. */
size_t xent_loss_coef_bytes(const struct xent_loss *loss);

/* The sums of the coefficients that label smoothing with class weights gives all rows, where they are worth it. */
void xent_loss_sum_coefficients(struct xent_loss *loss);

/* What cross entropy needs of a task's and a row's memory, however its rows go; the place of the terms has been chosen. */
void xent_loss_plan_memory(struct xent_loss *loss, struct xent_drive *drive);

/* How the rows of cross entropy go, side by side or in blocks, and what they need for it; there is one at least. */
void xent_loss_plan_rows(struct xent_loss *loss, bool tiled, struct xent_drive *drive);

void xent_cross_entropy_plan(void *call, const struct xent_settings *settings, struct xent_drive *drive);

/* Forward alone; with a gradient; and both side by side. */
extern const struct xent_row_steps xent_cross_entropy_steps, xent_cross_entropy_gradient_steps;
extern const struct xent_tile_steps xent_loss_tile_steps, xent_loss_gradient_tile_steps;

/* Of NLL: the losses of class indices, many at once; the rest side by side. */
void xent_nll_find_of_indices(const void *call, const struct xent_position *first, size_t n, double *result);
extern const struct xent_tile_steps xent_nll_probability_tile_steps;
extern const struct xent_tile_steps xent_nll_index_gradient_tile_steps; /* the gradient alone */

#endif
