#include "api/loss.h"
#include "core/check.h"
#include "core/errors.h"
#include "core/options.h"

xent_status xent_nll_loss(const xent_tensor *logp, const xent_tensor *target, const xent_options *options, xent_tensor *loss)
{
    struct xent_loss call;
    xent_loss_init(&call, XENT_FROM_LOG_PROBS, logp, target);
    call.loss = loss;
    return xent_loss_compute(&call, options);
}

xent_status xent_nll_loss_backward(const xent_tensor *logp, const xent_tensor *target, const xent_options *options,
                                   const xent_tensor *grad_loss, xent_tensor *grad_logp)
{
    xent_options read;
    (void)grad_loss;
    XENT_TRY(xent_check_not_null("logp", logp));
    XENT_TRY(xent_check_not_null("target", target));
    XENT_TRY(xent_check_not_null("grad_logp", grad_logp));
    XENT_TRY(xent_options_read(options, &read));
    XENT_TRY(xent_options_plain(&read, XENT_ERROR_INVALID_ARGUMENT, "it has no meaning for log-probabilities"));
    return xent_fail(XENT_ERROR_UNSUPPORTED, "xent_nll_loss_backward is not in this version");
}
