/* Public functions: softmax, log_softmax, logsumexp. */
#include "ops/softmax.h"

static xent_status call_of(enum xent_softmax_kind kind, const xent_tensor *z, int32_t axis, xent_tensor *out)
{
    struct xent_softmax call;
    call.kind = kind;
    call.z = z;
    call.out = out;
    call.given_axis = axis;
    return xent_call(&xent_softmax_operation, &call);
}

xent_status xent_softmax(const xent_tensor *z, int32_t axis, xent_tensor *p) { return call_of(XENT_SOFTMAX, z, axis, p); }

xent_status xent_log_softmax(const xent_tensor *z, int32_t axis, xent_tensor *logp)
{
    return call_of(XENT_LOG_SOFTMAX, z, axis, logp);
}

xent_status xent_logsumexp(const xent_tensor *z, int32_t axis, xent_tensor *out)
{
    return call_of(XENT_LOGSUMEXP, z, axis, out);
}
