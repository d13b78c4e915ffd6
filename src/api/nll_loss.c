#include "api/loss.h"

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
    struct xent_loss call;
    xent_loss_init(&call, XENT_FROM_LOG_PROBS, logp, target);
    call.with_gradient = true;
    call.grad_loss = grad_loss;
    call.grad_logits = grad_logp;
    return xent_loss_compute(&call, options);
}
