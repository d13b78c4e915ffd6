/* The checks of a loss by their parts, for what stands on top of one: statistics, rows in parts, linear layers. */
#ifndef XENT_OPS_LOSS_CHECK_H
#define XENT_OPS_LOSS_CHECK_H

#include "args/check.h"
#include "ops/loss.h"

/* Sets up the rule, from the options and the target. */
void xent_loss_begin_checks(struct xent_loss *loss);

/* Dtypes, shapes, outputs and values, of whatever tensors a loss has, once its options have been read and its rule been set up. The walk is
   known after the last of them. */
xent_status xent_loss_check_dtypes(const struct xent_loss *loss);
xent_status xent_loss_check_shapes(struct xent_loss *loss);
xent_status xent_loss_check_outputs(const struct xent_loss *loss);
xent_status xent_loss_check_values(struct xent_loss *loss);

/* Over the rows of all operands. */
void xent_loss_plan_walk(struct xent_loss *loss);

/* What is a part of its callers, one of which knows what the options are. */
#define PART static inline __attribute__((always_inline))

/* An output apart from all inputs; or, where in_place allows it, in the place of the logits. */
PART xent_status xent_loss_check_output(const struct xent_loss *loss, const xent_options *options, const char *name,
                                        const struct xent_tensor *output, bool in_place)
{
    if (output == NULL) return XENT_OK;
    XENT_TRY(xent_check_output(name, output));
    XENT_TRY(xent_check_apart(name, output, loss->kind->logits, loss->logits, in_place));
    XENT_TRY(xent_check_apart(name, output, "target", loss->target, false));
    XENT_TRY(xent_check_apart(name, output, "class_weight", options->class_weight, false));
    XENT_TRY(xent_check_apart(name, output, "row_weight", options->row_weight, false));
    XENT_TRY(xent_check_apart(name, output, "whole", loss->whole, false));
    return xent_check_apart(name, output, "grad_loss", loss->grad_loss, false);
}

#endif
