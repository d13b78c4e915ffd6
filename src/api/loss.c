#include "api/loss.h"

#include "args/check.h"
#include "run/fpenv.h"
#include "run/settings.h"

static xent_status compute(struct xent_loss *loss, const xent_options *options)
{
    struct xent_settings settings;
    XENT_TRY(xent_loss_check(loss, options));
    XENT_TRY(xent_settings_get(&settings));
    XENT_TRY(xent_loss_plan(loss, &settings));
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
