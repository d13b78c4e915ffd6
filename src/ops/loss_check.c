/* The checks of a loss, in the order of xent.h; after the last of them the walk over the rows is known, and how many count. */
#include "ops/loss_check.h"

#include "args/errors.h"
#include "args/options.h"
#include "ops/shard.h"

const struct xent_loss_kind xent_loss_of_logits = { "logits", "grad_logits", "that of the logits",
                                                    "that of the logits, for probabilities", false };

static xent_status check_null(const struct xent_loss *loss)
{
    XENT_TRY(xent_check_not_null(loss->kind->logits, loss->logits));
    XENT_TRY(xent_check_not_null("target", loss->target));
    if (!loss->with_gradient) return xent_check_not_null("loss", loss->loss);
    return xent_check_not_null(loss->kind->gradient, loss->grad_logits);
}

static xent_status check_options(struct xent_loss *loss)
{
    XENT_TRY(xent_options_read(loss->given, &loss->options));
    return loss->kind->only_weights ? xent_options_plain(&loss->options) : XENT_OK;
}

PART xent_status check_dtypes(const struct xent_loss *loss, const xent_options *options)
{
    const struct xent_tensor *weight = options->class_weight, *row_weight = options->row_weight;
    XENT_TRY(xent_check_floating(loss->kind->logits, loss->logits));
    if (weight != NULL) XENT_TRY(xent_check_floating("class_weight", weight));
    if (row_weight != NULL) XENT_TRY(xent_check_floating("row_weight", row_weight));
    if (loss->grad_loss != NULL) XENT_TRY(xent_check_floating("grad_loss", loss->grad_loss));
    if (loss->loss != NULL) XENT_TRY(xent_check_floating("loss", loss->loss));
    if (loss->grad_logits == NULL) return XENT_OK;
    return xent_check_same_dtype(loss->kind->gradient, loss->grad_logits, loss->kind->logits, loss->logits);
}

/* loss and grad_loss: the batch shape for NONE, else one element */
PART xent_status check_batch(const struct xent_loss *loss, const xent_options *options, const char *name,
                             const struct xent_tensor *tensor)
{
    if (tensor == NULL) return XENT_OK;
    if (options->reduction == XENT_REDUCTION_NONE)
        return xent_check_shape(name, tensor, loss->logits, loss->axis, "the batch shape, for reduction NONE");
    return xent_check_one_element(name, tensor,
                                  options->reduction == XENT_REDUCTION_MEAN ? "for reduction MEAN" : "for reduction SUM");
}

PART xent_status check_shapes(struct xent_loss *loss, const xent_options *options)
{
    const struct xent_tensor *weight = options->class_weight, *row_weight = options->row_weight, *logits = loss->logits;
    int64_t classes;
    XENT_TRY(xent_check_axis(loss->kind->logits, logits, options->axis, &loss->axis));
    classes = loss->shard == NULL ? logits->shape[loss->axis] : loss->shard->of;
    loss->rule.classes = classes;
    if (loss->rule.indices && loss->target != NULL)
        XENT_TRY(xent_check_shape("target", loss->target, logits, loss->axis, "the batch shape, for class indices"));
    else if (loss->target != NULL)
        XENT_TRY(xent_check_shape("target", loss->target, logits, XENT_NO_AXIS, loss->kind->for_probabilities));
    if (loss->shard == NULL)
        XENT_TRY(xent_check_class_count(loss->kind->logits, logits, loss->axis));
    else
        XENT_TRY(xent_shard_check_classes(loss->shard, loss->kind->logits, logits, loss->axis));
    if (weight != NULL) XENT_TRY(xent_check_weight_shape(weight, classes));
    if (row_weight != NULL) XENT_TRY(xent_check_shape("row_weight", row_weight, logits, loss->axis, "the batch shape"));
    XENT_TRY(check_batch(loss, options, "grad_loss", loss->grad_loss));
    XENT_TRY(check_batch(loss, options, "loss", loss->loss));
    if (loss->grad_logits == NULL) return XENT_OK;
    return xent_check_shape(loss->kind->gradient, loss->grad_logits, logits, XENT_NO_AXIS, loss->kind->like_logits);
}

PART xent_status check_outputs(const struct xent_loss *loss, const xent_options *options)
{
    XENT_TRY(xent_loss_check_output(loss, options, "loss", loss->loss, false));
    if (loss->grad_logits == NULL) return XENT_OK;
    XENT_TRY(xent_loss_check_output(loss, options, loss->kind->gradient, loss->grad_logits, true));
    return xent_check_apart(loss->kind->gradient, loss->grad_logits, "loss", loss->loss, false);
}

PART void plan_walk(struct xent_loss *loss, const xent_options *options)
{
    bool per_row = options->reduction == XENT_REDUCTION_NONE;
    const struct xent_operand operands[XENT_LOSS_OPERANDS] = {
        [XENT_LOSS_LOGITS] = { loss->logits, loss->axis },
        [XENT_LOSS_TARGET] = { loss->target, loss->rule.indices ? XENT_NO_AXIS : loss->axis },
        [XENT_LOSS_ROW_WEIGHT] = { options->row_weight, XENT_NO_AXIS },
        [XENT_LOSS_LOSS] = { per_row ? loss->loss : NULL, XENT_NO_AXIS },
        [XENT_LOSS_GRAD_LOSS] = { per_row ? loss->grad_loss : NULL, XENT_NO_AXIS },
        [XENT_LOSS_GRAD] = { loss->grad_logits, loss->axis },
    };
    xent_walk_plan(&loss->walk, operands, XENT_LOSS_OPERANDS);
}

PART xent_status check_values(const struct xent_loss *loss, const xent_options *options, int64_t *counted)
{
    const struct xent_tensor *weight = options->class_weight, *row_weight = options->row_weight;
    *counted = loss->walk.count;
    if (weight != NULL) XENT_TRY(xent_check_weights(weight));
    if (row_weight != NULL) XENT_TRY(xent_check_row_weights(row_weight, &loss->walk, XENT_LOSS_ROW_WEIGHT));
    if (!loss->rule.indices || loss->target == NULL) return XENT_OK;
    return xent_check_indices(loss->target, &loss->walk, XENT_LOSS_TARGET, &loss->rule, counted);
}

PART xent_status check_rows(struct xent_loss *loss, const xent_options *options)
{
    plan_walk(loss, options);
    XENT_TRY(check_values(loss, options, &loss->counted));
    if (loss->counted == loss->walk.count) loss->rule.may_ignore = false;
    return XENT_OK;
}

PART void begin_checks(struct xent_loss *loss, const xent_options *options)
{
    xent_target_rule_init(&loss->rule, loss->target, options->ignore_index, XENT_CLASSES_UNKNOWN);
}

PART xent_status check_arguments(struct xent_loss *loss, const xent_options *options)
{
    begin_checks(loss, options);
    XENT_TRY(check_dtypes(loss, options));
    XENT_TRY(check_shapes(loss, options));
    XENT_TRY(check_outputs(loss, options));
    return check_rows(loss, options);
}

static __attribute__((noinline)) xent_status check_with_options(struct xent_loss *loss)
{
    XENT_TRY(check_options(loss));
    return check_arguments(loss, &loss->options);
}

xent_status xent_loss_check(struct xent_loss *loss)
{
    static const xent_options defaults = XENT_OPTIONS_INIT;
    XENT_TRY(check_null(loss));
    if (loss->given != NULL) return check_with_options(loss);
    loss->options = defaults;
    return check_arguments(loss, &defaults);
}

void xent_loss_begin_checks(struct xent_loss *loss) { begin_checks(loss, &loss->options); }
xent_status xent_loss_check_dtypes(const struct xent_loss *loss) { return check_dtypes(loss, &loss->options); }
xent_status xent_loss_check_shapes(struct xent_loss *loss) { return check_shapes(loss, &loss->options); }
xent_status xent_loss_check_outputs(const struct xent_loss *loss) { return check_outputs(loss, &loss->options); }
xent_status xent_loss_check_values(struct xent_loss *loss) { return check_rows(loss, &loss->options); }
void xent_loss_plan_walk(struct xent_loss *loss) { plan_walk(loss, &loss->options); }
