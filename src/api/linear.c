/* Public functions: the cross entropy of a linear layer's logits, its gradients, and the struct of the layer. */
#include "ops/linear.h"
#include "args/struct.h"

void xent_linear_init(xent_linear *layer, size_t struct_size)
{
    static const xent_linear defaults = XENT_LINEAR_INIT;
    xent_struct_init(layer, struct_size, &defaults, sizeof defaults);
}

xent_status xent_linear_cross_entropy(const xent_linear *layer, const xent_tensor *target, const xent_options *options,
                                      xent_tensor *loss)
{
    struct xent_linear_loss call = { .given = layer };
    xent_loss_init(&call.loss, NULL, target, options);
    call.loss.loss = loss;
    return xent_call(&xent_linear_cross_entropy_operation, &call);
}

xent_status xent_linear_cross_entropy_grad(const xent_linear *layer, const xent_tensor *target, const xent_options *options,
                                           const xent_tensor *grad_loss, xent_tensor *loss, xent_tensor *grad_hidden,
                                           xent_tensor *grad_weight, xent_tensor *grad_bias)
{
    struct xent_linear_loss call = {
        .given = layer, .grad_hidden = grad_hidden, .grad_weight = grad_weight, .grad_bias = grad_bias
    };
    xent_loss_init(&call.loss, NULL, target, options);
    call.loss.with_gradient = true;
    call.loss.grad_loss = grad_loss;
    call.loss.loss = loss;
    return xent_call(&xent_linear_cross_entropy_operation, &call);
}
