/* Public functions: the divergence of two sets of logits, and its gradient. */
#include "ops/kl.h"

xent_status xent_kl_div(const xent_tensor *logits_p, const xent_tensor *logits_q, const xent_tensor *target,
                        const xent_options *options, xent_tensor *kl)
{
    struct xent_kl call;
    call.logits_p = logits_p;
    xent_loss_init(&call.loss, logits_q, target, options);
    call.loss.loss = kl;
    return xent_call(&xent_kl_operation, &call);
}

xent_status xent_kl_div_grad(const xent_tensor *logits_p, const xent_tensor *logits_q, const xent_tensor *target,
                             const xent_options *options, const xent_tensor *grad_kl, xent_tensor *kl,
                             xent_tensor *grad_logits_q)
{
    struct xent_kl call;
    call.logits_p = logits_p;
    xent_loss_init(&call.loss, logits_q, target, options);
    call.loss.with_gradient = true;
    call.loss.grad_loss = grad_kl;
    call.loss.loss = kl;
    call.loss.grad_logits = grad_logits_q;
    return xent_call(&xent_kl_operation, &call);
}
