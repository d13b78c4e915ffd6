/* Rows of a loss side by side, up to XENT_TILE at a time. */
#ifndef XENT_OPS_LOSS_TILE_H
#define XENT_OPS_LOSS_TILE_H

#include "ops/loss.h"

/* Computes the next rows, at most `rows` and at least one, moves the position behind them and returns how many they were. */
int64_t xent_loss_run_tile(const struct xent_loss *loss, struct xent_position *position, int64_t rows,
                           const struct xent_row_scratch *scratch, struct xent_sum *sum);

#endif
