/* Public functions: cross entropy straight from logits, its gradient, and MEAN's divisor. */
#include "ops/divisor.h"
#include "ops/loss.h"

xent_status xent_cross_entropy(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                               xent_tensor *loss)
{
    struct xent_loss call;
    xent_loss_init(&call, logits, target, options);
    call.loss = loss;
    return xent_call(&xent_cross_entropy_operation, &call);
}

xent_status xent_cross_entropy_grad(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                                    const xent_tensor *grad_loss, xent_tensor *loss, xent_tensor *grad_logits)
{
    struct xent_loss call;
    xent_loss_init(&call, logits, target, options);
    call.with_gradient = true;
    call.grad_loss = grad_loss;
    call.loss = loss;
    call.grad_logits = grad_logits;
    return xent_call(&xent_cross_entropy_operation, &call);
}

xent_status xent_mean_divisor(const xent_tensor *target, const xent_options *options, double *divisor)
{
    struct xent_divisor call = { .target = target, .given = options, .divisor = divisor };
    xent_status status = xent_call(&xent_divisor_operation, &call);
    if (status == XENT_OK) *divisor = call.value;
    return status;
}
