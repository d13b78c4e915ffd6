/* What becomes of the rows of a tile, in plain double. Assumes no instruction set: without branches, the loops over rows become
 * vector code on any. */
#ifndef XENT_KERNELS_TILE_FINISH_INC_H
#define XENT_KERNELS_TILE_FINISH_INC_H

#include <stdbool.h>

#include "kernels.h"

/* Both parts of a loss are >= 0, never -0.0, and nothing cancels; a coefficient of 0 contributes 0 whatever its logit is. */
static void tile_losses(const struct xent_tile *state, size_t rows, double z_loss, double *loss)
{
    for (size_t r = 0; r < rows; r++) {
        double gap = state->coef[r] * (state->max[r] - state->at_target[r]);
        gap = state->coef[r] == 0 ? 0 : gap;
        loss[r] = gap + state->coef[r] * state->log1p_rest[r];
    }
    for (size_t r = 0; r < rows && z_loss != 0; r++) {
        double lse = state->max[r] + state->log1p_rest[r];
        loss[r] += z_loss * lse * lse;
    }
}

/* factor * b, but +0.0 where b is 0. */
static inline double tile_entry(double factor, double b)
{
    double entry = factor * b;
    return b == 0 ? 0 : entry;
}

/* Most of p - coef cancels in two entries of each row, which are computed here: p - 1 of a target that is the row's maximum is
   -rest / (1 + rest), with all its digits. */
static void tile_entries(struct xent_tile *state, size_t rows, double z_loss, const double *factor, double *total)
{
    for (size_t r = 0; r < rows; r++) {
        double coef = state->coef[r], rest = state->rest[r], share = 1 / (1 + rest);
        double pull = z_loss * (state->max[r] + state->log1p_rest[r]) * 2;
        double p = share * (state->target_term[r] * 0x1p-64 * state->unit[r]);
        double at_first = tile_entry(factor[r], (coef + pull) * share);
        double at_target = tile_entry(factor[r], (coef + pull) * p - coef);
        double at_both = tile_entry(factor[r], pull * share - coef * rest / (1 + rest));
        bool leads = state->target[r] == state->first[r];
        total[r] = coef + pull;
        state->scale[r] = factor[r] * total[r] * share * state->unit[r];
        state->first_entry[r] = leads ? at_both : at_first;
        state->target_entry[r] = leads ? at_both : at_target;
    }
}

#endif
