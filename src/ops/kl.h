/* The divergence of two sets of logits and its gradient. A row's divergence is to the call what a row's loss is to a loss: options,
 * reduction, upstream gradient and divisor are those of struct xent_loss, whose logits are q's. */
#ifndef XENT_OPS_KL_H
#define XENT_OPS_KL_H

#include "ops/loss.h"
#include "rows/divergence.h"

/* The operand that is walked beside those of a loss. */
enum { XENT_KL_P = XENT_LOSS_OPERANDS, XENT_KL_OPERANDS };
_Static_assert(XENT_KL_OPERANDS <= XENT_WALK_OPERANDS, "a walk has room for the operands of a divergence");

struct xent_kl {
    struct xent_loss loss; /* logits_q, the target, which may be NULL, kl and the gradient */
    const struct xent_tensor *logits_p;

    /* the plan */
    struct xent_pair_type type;
    size_t copy_p, copy_q, real_p, real_q, chunk_p, chunk_q; /* offsets of struct xent_pair_buffers in a task's memory */
    size_t pairs, terms_p, terms_q;                          /* in a row's: its chunks, and its terms */

    /* of rows side by side: offsets in a task's memory */
    size_t tile_p, tile_terms_p, tile_terms_q, tile_slopes, tile_state_p, tile_divergence;
};

extern const struct xent_operation xent_kl_operation;

/* The checks, in the order of xent.h. */
xent_status xent_kl_check(void *call);

void xent_kl_plan(void *call, const struct xent_settings *settings, struct xent_drive *drive);

/* Forward alone, and with a gradient; and both side by side. */
extern const struct xent_row_steps xent_kl_steps, xent_kl_gradient_steps;
extern const struct xent_tile_steps xent_kl_tile_steps, xent_kl_gradient_tile_steps;

/* Whether a row is ignored; *weight receives its weight. */
bool xent_kl_row_is_ignored(const struct xent_kl *kl, const struct xent_position *position, double *weight);

#endif
