/* Public functions: the backward of softmax and of log_softmax. */
#include "ops/softmax_backward.h"

static xent_status call_of(const struct xent_softmax_backward_kind *kind, const xent_tensor *result,
                           const xent_tensor *upstream, int32_t axis, xent_tensor *out)
{
    struct xent_softmax_backward call;
    call.kind = kind;
    call.result = result;
    call.upstream = upstream;
    call.out = out;
    call.given_axis = axis;
    return xent_call(&xent_softmax_backward_operation, &call);
}

xent_status xent_softmax_backward(const xent_tensor *p, const xent_tensor *grad_p, int32_t axis, xent_tensor *grad_z)
{
    return call_of(&xent_of_softmax, p, grad_p, axis, grad_z);
}

xent_status xent_log_softmax_backward(const xent_tensor *logp, const xent_tensor *grad_logp, int32_t axis, xent_tensor *grad_z)
{
    return call_of(&xent_of_log_softmax, logp, grad_logp, axis, grad_z);
}
