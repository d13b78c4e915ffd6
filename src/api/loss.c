#include "api/loss.h"

#include "api/runtime.h"
#include "core/check.h"
#include "core/fpenv.h"

static xent_status compute(struct xent_loss *loss, const xent_options *options)
{
    struct xent_runtime runtime;
    XENT_TRY(xent_loss_check(loss, options));
    XENT_TRY(xent_runtime_get(&runtime));
    XENT_TRY(xent_loss_plan(loss, runtime.kernels, runtime.threads));
    xent_loss_run(loss);
    return XENT_OK;
}

xent_status xent_loss_compute(struct xent_loss *loss, const xent_options *options)
{
    struct xent_fpenv caller;
    xent_status status;
    xent_fpenv_enter(&caller);
    status = compute(loss, options);
    xent_fpenv_leave(&caller);
    return status;
}
