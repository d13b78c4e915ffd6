/* One row of a loss, between its first pass and its results. */
#ifndef XENT_OPS_LOSS_ROW_H
#define XENT_OPS_LOSS_ROW_H

#include "ops/loss.h"

struct xent_loss_row {
    struct xent_state state;
    bool ignored;
    int64_t target;                        /* class index; negative for probabilities */
    double target_coef;                    /* of that class, beside `coefficients` */
    double at_target;                      /* its logit */
    struct xent_coefficients coefficients; /* where xent_loss_is_dense() */
    struct xent_line logits, out;          /* out: the gradient */
    char *terms;                           /* NULL: forward only */
};

/* Whether every class may have a coefficient: probabilities, or label smoothing. */
static inline bool xent_loss_is_dense(const struct xent_loss *loss)
{
    return !loss->rule.indices || loss->options.label_smoothing != 0;
}

/* Where the row is and what its target is. */
void xent_loss_row_begin(const struct xent_loss *loss, const struct xent_position *position,
                         const struct xent_row_scratch *scratch, struct xent_loss_row *row);

/* Fills `state`, without what the target adds to it. */
void xent_loss_row_reduce(const struct xent_loss *loss, const struct xent_row_scratch *scratch, struct xent_loss_row *row);

/* What a class index adds to the sums over all classes; its gap needs no pass over the row. */
static inline void xent_loss_row_add_target(struct xent_loss_row *row)
{
    if (row->target_coef == 0) return;
    row->state.coef += row->target_coef;
    row->state.gap += row->target_coef * (row->state.max - row->at_target);
}

/* The row's loss, given log1p(state.rest), to where it is wanted: its place in the loss tensor, or the sum over rows. */
void xent_loss_row_deliver(const struct xent_loss *loss, const struct xent_loss_row *row, double log1p_rest, char *place,
                           struct xent_sum *sum);

/* Upstream gradient over divisor. */
double xent_loss_row_factor(const struct xent_loss *loss, const struct xent_position *position);

void xent_loss_row_write_gradient(const struct xent_loss *loss, const struct xent_loss_row *row,
                                  const struct xent_position *position, double log1p_rest,
                                  const struct xent_row_scratch *scratch);

/* The same for some of the row's chunks: its first pass, which leaves their states in scratch->chunks, what merges them into `state`,
   and its second. */
void xent_loss_row_reduce_span(const struct xent_loss *loss, const struct xent_loss_row *row,
                               const struct xent_row_scratch *scratch, struct xent_span span);
void xent_loss_row_merge(const struct xent_loss *loss, const struct xent_row_scratch *scratch, struct xent_loss_row *row);
void xent_loss_row_write_span(const struct xent_loss *loss, const struct xent_loss_row *row,
                              const struct xent_position *position, double log1p_rest, const struct xent_row_scratch *scratch,
                              struct xent_span span);

#endif
