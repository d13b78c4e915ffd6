#include "ops/softmax_backward.h"

#include "args/check.h"
#include "run/fpenv.h"
#include "run/settings.h"

/* The arguments' names in the public header. */
struct names {
    const char *result, *upstream, *like_result;
};

static xent_status check(struct xent_softmax_backward *call, const struct names *name, int32_t axis)
{
    XENT_TRY(xent_check_not_null(name->result, call->result));
    XENT_TRY(xent_check_not_null(name->upstream, call->upstream));
    XENT_TRY(xent_check_not_null("grad_z", call->out));
    XENT_TRY(xent_check_floating(name->result, call->result));
    XENT_TRY(xent_check_same_dtype(name->upstream, call->upstream, name->result, call->result));
    XENT_TRY(xent_check_same_dtype("grad_z", call->out, name->result, call->result));
    XENT_TRY(xent_check_axis(name->result, call->result, axis, &call->axis));
    XENT_TRY(xent_check_shape(name->upstream, call->upstream, call->result, XENT_NO_AXIS, name->like_result));
    XENT_TRY(xent_check_shape("grad_z", call->out, call->result, XENT_NO_AXIS, name->like_result));
    XENT_TRY(xent_check_output("grad_z", call->out));
    XENT_TRY(xent_check_apart("grad_z", call->out, name->result, call->result, true));
    return xent_check_apart("grad_z", call->out, name->upstream, call->upstream, true);
}

static xent_status compute(struct xent_softmax_backward *call, const struct names *name, int32_t axis)
{
    struct xent_settings settings;
    XENT_TRY(check(call, name, axis));
    XENT_TRY(xent_settings_get(&settings));
    XENT_TRY(xent_softmax_backward_plan(call, &settings));
    xent_softmax_backward_run(call);
    return XENT_OK;
}

static xent_status run(struct xent_softmax_backward *call, const struct names *name, int32_t axis)
{
    struct xent_fpenv caller;
    xent_status status;
    xent_fpenv_enter(&caller);
    status = compute(call, name, axis);
    xent_fpenv_leave(&caller);
    return status;
}

xent_status xent_softmax_backward(const xent_tensor *p, const xent_tensor *grad_p, int32_t axis, xent_tensor *grad_z)
{
    static const struct names names = { "p", "grad_p", "that of p" };
    struct xent_softmax_backward call = { .result = p, .upstream = grad_p, .out = grad_z };
    return run(&call, &names, axis);
}

xent_status xent_log_softmax_backward(const xent_tensor *logp, const xent_tensor *grad_logp, int32_t axis, xent_tensor *grad_z)
{
    static const struct names names = { "logp", "grad_logp", "that of logp" };
    struct xent_softmax_backward call = { .of_logarithm = true, .result = logp, .upstream = grad_logp, .out = grad_z };
    return run(&call, &names, axis);
}
