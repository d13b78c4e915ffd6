/* What becomes of the rows of a tile, in plain double and whole vectors of rows: without branches, the inner loops become vector code on
 * any instruction set. */
#ifndef XENT_KERNELS_TILE_FINISH_INC_H
#define XENT_KERNELS_TILE_FINISH_INC_H

#include <stdbool.h>

#include "formulas.h"
#include "kernels.h"
#include "log.inc.h"
#include "tile_rows.inc.h"

static inline __attribute__((always_inline)) void log1p_rows(const double *restrict r, double *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i += VF64_WIDTH) vf64_store(out + i, ln_of_1_plus(vf64_load(r + i), COMPENSATED));
}

static void tile_losses(struct xent_tile *state, size_t rows, bool weighed, double z_loss, double *restrict loss)
{
    log1p_rows(state->rest, state->log1p_rest, rows);
    EACH_ROW (r, rows) {
        double coef = state->target_coef[r], gap = gap_of(coef, state->max[r], state->at_target[r]);
        coef = weighed ? state->coef[r] + coef : coef;
        gap = weighed ? state->gap[r] + gap : gap;
        loss[r] = loss_of(gap, coef, state->log1p_rest[r]);
    }
    for (size_t r = 0; r < rows && z_loss != 0; r++) loss[r] += z_loss_of(z_loss, state->max[r] + state->log1p_rest[r]);
}

static void tile_shares(struct xent_tile *state, size_t rows)
{
    EACH_ROW (r, rows) {
        double share = 1 / (1 + state->rest[r]);
        state->scale[r] = share * state->unit[r];
        state->first_entry[r] = state->target_entry[r] = share;
    }
}

/* The two entries of each row in which most of the bracket cancels. Where what p is multiplied with is infinite, so that p = 0 would
   matter, the row does not fit the limits and what stands here is not used. */
static void tile_entries(struct xent_tile *state, size_t rows, double z_loss, const double *restrict factor,
                         double *restrict total)
{
    EACH_ROW (r, rows) {
        double coef = state->target_coef[r], rest = state->rest[r], share = 1 / (1 + rest);
        double pull = pull_of(z_loss, state->max[r] + state->log1p_rest[r]);
        double p = share * (state->target_term[r] * 0x1p-64 * state->unit[r]);
        double at_first = entry_of(factor[r], bracket_of(coef + pull, 0, share, 0));
        double at_target = entry_of(factor[r], bracket_of(coef + pull, 0, p, coef));
        double at_both = entry_of(factor[r], bracket_of_leading_target(pull, share, coef, rest));
        bool leads = state->target[r] == state->first[r];
        total[r] = coef + pull;
        state->scale[r] = factor[r] * total[r] * share * state->unit[r];
        state->first_entry[r] = leads ? at_both : at_first;
        state->target_entry[r] = leads ? at_both : at_target;
    }
}

#endif
