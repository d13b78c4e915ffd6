/* Public functions: the negative log likelihood of log-probabilities, and its gradient. */
#include "ops/loss.h"

xent_status xent_nll_loss(const xent_tensor *logp, const xent_tensor *target, const xent_options *options, xent_tensor *loss)
{
    struct xent_loss call;
    xent_loss_init(&call, logp, target, options);
    call.loss = loss;
    return xent_call(&xent_nll_operation, &call);
}

xent_status xent_nll_loss_backward(const xent_tensor *logp, const xent_tensor *target, const xent_options *options,
                                   const xent_tensor *grad_loss, xent_tensor *grad_logp)
{
    struct xent_loss call;
    xent_loss_init(&call, logp, target, options);
    call.with_gradient = true;
    call.grad_loss = grad_loss;
    call.grad_logits = grad_logp;
    return xent_call(&xent_nll_operation, &call);
}
