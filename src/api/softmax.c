#include "ops/softmax.h"

#include "args/check.h"
#include "run/fpenv.h"
#include "run/settings.h"

static const char *out_name(enum xent_softmax_kind kind)
{
    return kind == XENT_SOFTMAX ? "p" : kind == XENT_LOG_SOFTMAX ? "logp" : "out";
}

static xent_status check(struct xent_softmax *call, int32_t axis)
{
    const char *name = out_name(call->kind);
    bool per_class = call->kind != XENT_LOGSUMEXP;
    XENT_TRY(xent_check_not_null("z", call->z));
    XENT_TRY(xent_check_not_null(name, call->out));
    XENT_TRY(xent_check_floating("z", call->z));
    XENT_TRY(per_class ? xent_check_same_dtype(name, call->out, "z", call->z) : xent_check_floating(name, call->out));
    XENT_TRY(xent_check_axis("z", call->z, axis, &call->axis));
    if (per_class)
        XENT_TRY(xent_check_shape(name, call->out, call->z, XENT_NO_AXIS, "that of z"));
    else
        XENT_TRY(xent_check_shape(name, call->out, call->z, call->axis, "that of z without the axis"));
    XENT_TRY(xent_check_output(name, call->out));
    return xent_check_apart(name, call->out, "z", call->z, per_class);
}

static xent_status compute(struct xent_softmax *call, int32_t axis)
{
    struct xent_settings settings;
    XENT_TRY(check(call, axis));
    XENT_TRY(xent_settings_get(&settings));
    XENT_TRY(xent_softmax_plan(call, &settings));
    xent_softmax_run(call);
    return XENT_OK;
}

static xent_status run(enum xent_softmax_kind kind, const xent_tensor *z, int32_t axis, xent_tensor *out)
{
    struct xent_softmax call = { .kind = kind, .z = z, .out = out };
    struct xent_fpenv caller;
    xent_status status;
    xent_fpenv_enter(&caller);
    status = compute(&call, axis);
    xent_fpenv_leave(&caller);
    return status;
}

xent_status xent_softmax(const xent_tensor *z, int32_t axis, xent_tensor *p) { return run(XENT_SOFTMAX, z, axis, p); }

xent_status xent_log_softmax(const xent_tensor *z, int32_t axis, xent_tensor *logp)
{
    return run(XENT_LOG_SOFTMAX, z, axis, logp);
}

xent_status xent_logsumexp(const xent_tensor *z, int32_t axis, xent_tensor *out) { return run(XENT_LOGSUMEXP, z, axis, out); }
