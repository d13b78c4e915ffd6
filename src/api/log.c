#include "ops/log.h"
#include "args/check.h"
#include "run/fpenv.h"
#include "run/settings.h"

static xent_status check(const xent_tensor *x, const xent_tensor *out)
{
    XENT_TRY(xent_check_not_null("x", x));
    XENT_TRY(xent_check_not_null("out", out));
    XENT_TRY(xent_check_floating("x", x));
    XENT_TRY(xent_check_same_dtype("out", out, "x", x));
    XENT_TRY(xent_check_shape("out", out, x, XENT_NO_AXIS, "that of x"));
    XENT_TRY(xent_check_output("out", out));
    return xent_check_apart("out", out, "x", x, true);
}

static xent_status compute(const xent_tensor *x, xent_tensor *out)
{
    struct xent_logarithm call = { .x = x, .out = out };
    struct xent_settings settings;
    XENT_TRY(check(x, out));
    XENT_TRY(xent_settings_get(&settings));
    XENT_TRY(xent_logarithm_plan(&call, &settings));
    xent_logarithm_run(&call);
    return XENT_OK;
}

xent_status xent_log(const xent_tensor *x, xent_tensor *out)
{
    struct xent_fpenv caller;
    xent_status status;
    xent_fpenv_enter(&caller);
    status = compute(x, out);
    xent_fpenv_leave(&caller);
    return status;
}
