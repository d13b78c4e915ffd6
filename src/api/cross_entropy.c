#include "api/loss.h"
#include "args/check.h"
#include "args/options.h"
#include "ops/divisor.h"
#include "run/fpenv.h"
#include "run/settings.h"

xent_status xent_cross_entropy(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                               xent_tensor *loss)
{
    struct xent_loss call;
    xent_loss_init(&call, XENT_FROM_LOGITS, logits, target);
    call.loss = loss;
    return xent_loss_compute(&call, options);
}

xent_status xent_cross_entropy_grad(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                                    const xent_tensor *grad_loss, xent_tensor *loss, xent_tensor *grad_logits)
{
    struct xent_loss call;
    xent_loss_init(&call, XENT_FROM_LOGITS, logits, target);
    call.with_gradient = true;
    call.grad_loss = grad_loss;
    call.loss = loss;
    call.grad_logits = grad_logits;
    return xent_loss_compute(&call, options);
}

static xent_status mean_divisor(const xent_tensor *target, const xent_options *given, double *divisor)
{
    struct xent_settings settings;
    xent_options options;
    double value;
    XENT_TRY(xent_check_not_null("target", target));
    XENT_TRY(xent_check_not_null("divisor", divisor));
    XENT_TRY(xent_options_read(given, &options));
    XENT_TRY(xent_divisor_compute(target, &options, &value));
    XENT_TRY(xent_settings_get(&settings));
    *divisor = value;
    return XENT_OK;
}

xent_status xent_mean_divisor(const xent_tensor *target, const xent_options *options, double *divisor)
{
    struct xent_fpenv caller;
    xent_status status;
    xent_fpenv_enter(&caller);
    status = mean_divisor(target, options, divisor);
    xent_fpenv_leave(&caller);
    return status;
}
