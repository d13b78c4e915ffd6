/* A loss over a batch, cross entropy or NLL: the call from its arguments to its plan, and the checks that the two share. */
#ifndef XENT_OPS_LOSS_H
#define XENT_OPS_LOSS_H

#include <math.h>

#include "args/options.h"
#include "args/target.h"
#include "ops/terms.h"
#include "run/drive.h"

/* The operands that are walked row by row; the last two are those of a gradient. */
enum {
    XENT_LOSS_LOGITS,
    XENT_LOSS_TARGET,
    XENT_LOSS_ROW_WEIGHT,
    XENT_LOSS_LOSS,
    XENT_LOSS_GRAD_LOSS,
    XENT_LOSS_GRAD,
    XENT_LOSS_OPERANDS
};
_Static_assert(XENT_LOSS_OPERANDS <= XENT_WALK_OPERANDS, "a walk has room for the operands of a loss");

/* Rows of more chunks sum up their coefficients each for itself. */
enum { XENT_SUMMED_CHUNKS = 32 };

/* In which the two losses differ for their checks. */
struct xent_loss_kind {
    const char *logits, *gradient; /* these arguments' names in xent.h */
    const char *like_logits;       /* "that of the logits" */
    const char *for_probabilities; /* "that of the logits, for probabilities" */
    bool only_weights;             /* label_smoothing, z_loss, logit_scale and softcap must be at their defaults */
};

/* That of cross entropy, and of whatever else takes logits. */
extern const struct xent_loss_kind xent_loss_of_logits;

struct xent_loss {
    /* the caller's arguments */
    const struct xent_loss_kind *kind;
    const struct xent_tensor *logits; /* or log-probabilities */
    const xent_shard *shard;          /* of which classes the logits are; NULL: of all */
    const struct xent_tensor *target;
    const xent_options *given;           /* NULL: the defaults */
    const struct xent_tensor *grad_loss; /* NULL: ones */
    struct xent_tensor *loss;
    struct xent_tensor *grad_logits; /* NULL: forward only */
    bool with_gradient;              /* the loss may then be NULL */
    const struct xent_tensor *whole; /* memory of states that are read; NULL: none are */

    /* from the checks */
    xent_options options;
    int32_t axis;
    struct xent_target_rule rule;
    int64_t counted;       /* rows whose class index is not ignored; all rows of probabilities */
    struct xent_walk walk; /* over all operands' rows, the targets among them whose values are checked */

    /* the plan */
    double divisor; /* of MEAN; 1 for the other reductions */
    struct xent_row_type type;
    const struct xent_tensor *class_weight; /* of the classes that the logits have; NULL: all ones */
    bool dense;                             /* every class may have a coefficient: probabilities, or label smoothing */
    bool knows_sums; /* label smoothing with class weights: the coefficients are those of every row, and their sums these */
    struct xent_coef_sums sums[XENT_SUMMED_CHUNKS];
    enum xent_terms_place terms_place;
    size_t copy, prepared, coef; /* offsets of struct xent_buffers in a task's memory */
    size_t terms;                /* in a row's */

    /* of rows side by side: offsets in a task's memory */
    size_t tile_slopes;
    size_t tile_targets, tile_coef, tile_weights; /* of probabilities */
    struct xent_row_type target_type;             /* likewise: as rows of the targets' elements */
};

/* Forward, without grad_loss; the caller fills in the outputs. */
static inline void xent_loss_init(struct xent_loss *loss, const struct xent_tensor *logits, const struct xent_tensor *target,
                                  const xent_options *given)
{
    loss->logits = logits;
    loss->shard = NULL;
    loss->target = target;
    loss->given = given;
    loss->grad_loss = NULL;
    loss->loss = NULL;
    loss->grad_logits = NULL;
    loss->with_gradient = false;
    loss->whole = NULL;
}

/* What label smoothing gives every class. */
static inline double xent_loss_uniform(const struct xent_loss *loss)
{
    return loss->options.label_smoothing / (double)loss->rule.classes;
}

extern const struct xent_operation xent_cross_entropy_operation, xent_nll_operation;

/* NULL arguments, options, dtypes, shapes, outputs and overlap, values: in this order. Plans the walk, by which it
   reads the targets. */
xent_status xent_loss_check(struct xent_loss *loss);

/* The steps of a row that both have: target and coefficients, and the factor of its gradient. The target counts from the first class of the
   logits; where these are some of a row's classes, it may lie outside, and has no logit to read. */
void xent_loss_read_target(const struct xent_loss *loss, const struct xent_position *position, struct xent_row *row);
void xent_loss_read_logit(const struct xent_loss *loss, struct xent_row *row); /* the target's, where that has a coefficient */
double xent_loss_factor(const struct xent_loss *loss, const struct xent_position *position, double weight);

/* The end of the first pass, for rows of cross entropy whose states and targets' logits are known; and the second pass. led_before: the
   row's first maximum is in classes before those of the logits. */
void xent_loss_finish(const struct xent_loss *loss, struct xent_row *rows, size_t count);
void xent_loss_write(const struct xent_loss *loss, const struct xent_row *row, bool led_before, char *task_memory,
                     struct xent_span span);
/* What the factor is made of beside the row's weight. */
struct xent_upstream {
    double gradient; /* of the row's loss */
    double factor;   /* over the divisor, times logit_scale */
};
struct xent_upstream xent_loss_upstream(const struct xent_loss *loss, const struct xent_position *position);

/* The factor of a row of this weight. Where a number on the way may be too large or too small, the same product goes by the numbers'
   fractions and exponents; with a logit_scale from 1e-30 to 1e30 a usual product has a usual quotient behind it. */
double xent_loss_factor_by_fractions(const struct xent_loss *loss, double gradient, double weight);
static inline double xent_loss_weighted_factor(const struct xent_loss *loss, const struct xent_upstream *upstream,
                                               double weight)
{
    double factor = upstream->factor;
    if (weight == 1) return factor;
    if (fabs(factor) > 0x1p-900 && fabs(factor) < 0x1p900) return factor * weight;
    return xent_loss_factor_by_fractions(loss, upstream->gradient, weight);
}

/* An entry of NLL's gradient. A coefficient of 0 has one of +0.0, but in a batch whose weights sum to 0, be they all 0 or too small for
   their products. */
static inline double xent_nll_entry(const struct xent_loss *loss, double factor, double coef)
{
    return loss->divisor == 0 ? (double)NAN : coef == 0 ? 0 : -(factor * coef);
}

/* A row's finished loss times its weight; never -0.0. */
static inline double xent_loss_weighted(double result, double weight) { return result * weight + 0.0; }

/* Writes the reduction of the rows' losses. */
void xent_loss_end(const void *call, double total);

#endif
