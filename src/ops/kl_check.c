/* The checks of a divergence, in the order of xent.h; after the last of them the walk over the rows and the divisor are known. */
#include "args/check.h"
#include "args/element.h"
#include "args/options.h"
#include "ops/divisor.h"
#include "ops/kl.h"

static xent_status check_null(const struct xent_kl *kl)
{
    XENT_TRY(xent_check_not_null("logits_p", kl->logits_p));
    XENT_TRY(xent_check_not_null("logits_q", kl->loss.logits));
    if (!kl->loss.with_gradient) return xent_check_not_null("kl", kl->loss.loss);
    return xent_check_not_null("grad_logits_q", kl->loss.grad_logits);
}

static xent_status check_options(struct xent_loss *loss)
{
    const xent_options *options = &loss->options;
    XENT_TRY(xent_options_read(loss->given, &loss->options));
    if (options->class_weight != NULL)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT,
                         "options->class_weight is given, expected NULL: a divergence has no class weights");
    if (options->label_smoothing != 0)
        return xent_options_refuse("label_smoothing", options->label_smoothing, "0: a divergence has no targets to smooth");
    if (options->z_loss == 0) return XENT_OK;
    return xent_options_refuse("z_loss", options->z_loss, "0: a divergence has no z-loss");
}

static xent_status check_target(const struct xent_tensor *target)
{
    if (target == NULL || !target->floating) return XENT_OK;
    return xent_fail(XENT_ERROR_DTYPE, "target has dtype %s, expected an integer one: it only tells which rows count",
                     xent_element_name(target->dtype));
}

static xent_status check_dtypes(const struct xent_kl *kl)
{
    const struct xent_loss *loss = &kl->loss;
    const struct xent_tensor *row_weight = loss->options.row_weight;
    XENT_TRY(xent_check_floating("logits_p", kl->logits_p));
    XENT_TRY(xent_check_floating("logits_q", loss->logits));
    XENT_TRY(check_target(loss->target));
    if (row_weight != NULL) XENT_TRY(xent_check_floating("row_weight", row_weight));
    if (loss->grad_loss != NULL) XENT_TRY(xent_check_floating("grad_kl", loss->grad_loss));
    if (loss->loss != NULL) XENT_TRY(xent_check_floating("kl", loss->loss));
    if (loss->grad_logits == NULL) return XENT_OK;
    return xent_check_same_dtype("grad_logits_q", loss->grad_logits, "logits_q", loss->logits);
}

/* kl and grad_kl: the batch shape for NONE, else one element. */
static xent_status check_batch(const struct xent_loss *loss, const char *name, const struct xent_tensor *tensor)
{
    const int32_t reduction = loss->options.reduction;
    if (tensor == NULL) return XENT_OK;
    if (reduction == XENT_REDUCTION_NONE)
        return xent_check_shape(name, tensor, loss->logits, loss->axis, "the batch shape, for reduction NONE");
    return xent_check_one_element(name, tensor, reduction == XENT_REDUCTION_MEAN ? "for reduction MEAN" : "for reduction SUM");
}

static xent_status check_shapes(struct xent_kl *kl)
{
    struct xent_loss *loss = &kl->loss;
    const struct xent_tensor *logits = loss->logits, *row_weight = loss->options.row_weight;
    XENT_TRY(xent_check_axis("logits_p", kl->logits_p, loss->options.axis, &loss->axis));
    XENT_TRY(xent_check_shape("logits_q", logits, kl->logits_p, XENT_NO_AXIS, "that of logits_p"));
    if (loss->target != NULL)
        XENT_TRY(xent_check_shape("target", loss->target, logits, loss->axis, "the batch shape, for class indices"));
    XENT_TRY(xent_check_class_count("logits_p", kl->logits_p, loss->axis));
    if (row_weight != NULL) XENT_TRY(xent_check_shape("row_weight", row_weight, logits, loss->axis, "the batch shape"));
    XENT_TRY(check_batch(loss, "grad_kl", loss->grad_loss));
    XENT_TRY(check_batch(loss, "kl", loss->loss));
    if (loss->grad_logits == NULL) return XENT_OK;
    return xent_check_shape("grad_logits_q", loss->grad_logits, logits, XENT_NO_AXIS, "that of logits_q");
}

static xent_status check_output(const struct xent_kl *kl, const char *name, const struct xent_tensor *output, bool in_place)
{
    const struct xent_loss *loss = &kl->loss;
    if (output == NULL) return XENT_OK;
    XENT_TRY(xent_check_output(name, output));
    XENT_TRY(xent_check_apart(name, output, "logits_p", kl->logits_p, false));
    XENT_TRY(xent_check_apart(name, output, "logits_q", loss->logits, in_place));
    XENT_TRY(xent_check_apart(name, output, "target", loss->target, false));
    XENT_TRY(xent_check_apart(name, output, "row_weight", loss->options.row_weight, false));
    return xent_check_apart(name, output, "grad_kl", loss->grad_loss, false);
}

static xent_status check_outputs(const struct xent_kl *kl)
{
    const struct xent_loss *loss = &kl->loss;
    XENT_TRY(check_output(kl, "kl", loss->loss, false));
    if (loss->grad_logits == NULL) return XENT_OK;
    XENT_TRY(check_output(kl, "grad_logits_q", loss->grad_logits, true));
    return xent_check_apart("grad_logits_q", loss->grad_logits, "kl", loss->loss, false);
}

static void plan_walk(struct xent_kl *kl)
{
    struct xent_loss *loss = &kl->loss;
    const bool per_row = loss->options.reduction == XENT_REDUCTION_NONE;
    const struct xent_operand operands[XENT_KL_OPERANDS] = {
        [XENT_LOSS_LOGITS] = { loss->logits, loss->axis },
        [XENT_LOSS_TARGET] = { loss->target, XENT_NO_AXIS },
        [XENT_LOSS_ROW_WEIGHT] = { loss->options.row_weight, XENT_NO_AXIS },
        [XENT_LOSS_LOSS] = { per_row ? loss->loss : NULL, XENT_NO_AXIS },
        [XENT_LOSS_GRAD_LOSS] = { per_row ? loss->grad_loss : NULL, XENT_NO_AXIS },
        [XENT_LOSS_GRAD] = { loss->grad_logits, loss->axis },
        [XENT_KL_P] = { kl->logits_p, loss->axis },
    };
    xent_walk_plan(&loss->walk, operands, XENT_KL_OPERANDS);
}

/* Without a target no row is ignored. */
static void read_rule(struct xent_loss *loss)
{
    loss->rule = (struct xent_target_rule){ .indices = false, .may_ignore = false };
    if (loss->target == NULL) return;
    xent_target_rule_init(&loss->rule, loss->target, loss->options.ignore_index, loss->logits->shape[loss->axis]);
}

static xent_status check_values(struct xent_loss *loss, int64_t *counted)
{
    const struct xent_tensor *row_weight = loss->options.row_weight;
    *counted = loss->walk.count;
    if (row_weight != NULL) XENT_TRY(xent_check_row_weights(row_weight, &loss->walk, XENT_LOSS_ROW_WEIGHT));
    if (loss->target == NULL) return XENT_OK;
    return xent_check_indices(loss->target, &loss->walk, XENT_LOSS_TARGET, &loss->rule, counted);
}

static double divisor_of(const struct xent_loss *loss, int64_t counted)
{
    struct xent_divisor_rows rows;
    if (loss->options.reduction != XENT_REDUCTION_MEAN) return 1;
    if (loss->options.normalizer != 0) return loss->options.normalizer;
    rows = (struct xent_divisor_rows){ .target = loss->target,
                                       .rule = &loss->rule,
                                       .row_weight = loss->options.row_weight,
                                       .walk = &loss->walk,
                                       .target_operand = XENT_LOSS_TARGET,
                                       .weight_operand = XENT_LOSS_ROW_WEIGHT,
                                       .counted = counted };
    return xent_divisor_of(&rows);
}

xent_status xent_kl_check(void *call)
{
    struct xent_kl *kl = call;
    int64_t counted;
    XENT_TRY(check_null(kl));
    XENT_TRY(check_options(&kl->loss));
    XENT_TRY(check_dtypes(kl));
    XENT_TRY(check_shapes(kl));
    XENT_TRY(check_outputs(kl));
    plan_walk(kl);
    read_rule(&kl->loss);
    XENT_TRY(check_values(&kl->loss, &counted));
    if (counted == kl->loss.walk.count) kl->loss.rule.may_ignore = false;
    kl->loss.divisor = divisor_of(&kl->loss, counted);
    return XENT_OK;
}
