/* The frame of every operation, in the order that makes it all or nothing: what can fail comes before the first write. */
#include "args/check.h"
#include "run/drive.h"
#include "run/fpenv.h"

/* A part of xent_call, whatever stack it takes: it always runs. */
static inline __attribute__((always_inline)) xent_status
run(const struct xent_operation *operation, void *call, const struct xent_settings *settings, const struct xent_fpenv *caller)
{
    struct xent_arena_local local;
    struct xent_drive drive;
    double total;
    operation->plan(call, settings, &drive);
    drive.parallel.caller = caller;
    XENT_TRY(xent_drive_allocate(&drive, &local));
    total = xent_drive_run(&drive);
    if (drive.results == XENT_RESULTS_SUMMED) operation->end(call, total);
    xent_arena_free(&drive.arena);
    return XENT_OK;
}

static inline xent_status check_and_run(const struct xent_operation *operation, void *call, const struct xent_fpenv *caller)
{
    struct xent_settings settings;
    XENT_TRY(operation->check(call));
    XENT_TRY(xent_settings_get(&settings));
    if (operation->carry != NULL) return operation->carry(call, &settings, caller);
    return operation->plan == NULL ? XENT_OK : run(operation, call, &settings, caller);
}

xent_status xent_call(const struct xent_operation *operation, void *call)
{
    struct xent_fpenv caller;
    xent_status status;
    xent_fpenv_enter(&caller);
    status = check_and_run(operation, call, &caller);
    xent_fpenv_leave(&caller);
    return status;
}
