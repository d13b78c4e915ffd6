/* Public functions for backends and threads: names for run/settings.c. */
#include "dispatch/select.h"
#include "run/settings.h"

const char *const *xent_backends(void) { return xent_dispatch_names(); }

const char *xent_backend(void) { return xent_settings_backend(); }

xent_status xent_set_backend(const char *name) { return xent_settings_set_backend(name); }

int32_t xent_num_threads(void) { return xent_settings_threads(); }

xent_status xent_set_num_threads(int32_t n) { return xent_settings_set_threads(n); }

xent_status xent_set_parallel_for(xent_parallel_for fn, void *user)
{
    xent_settings_set_parallel_for(fn, user);
    return XENT_OK;
}
