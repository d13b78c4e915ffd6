/* The list of backends that are built into this library, and which of them this CPU can run. Keeps no setting: run/settings.c does. */
#include "dispatch/select.h"

#include <stdbool.h>
#include <string.h>

#include "dispatch/cpu.h"
#include "system/threads.h"

/* Best first; the last one runs anywhere. */
static const struct {
    const struct xent_kernels *kernels;
    bool (*usable)(void);
} built[] = {
#ifdef XENT_HAVE_AVX512
    { &xent_kernels_avx512, xent_cpu_has_avx512 },
#endif
#ifdef XENT_HAVE_AVX2
    { &xent_kernels_avx2, xent_cpu_has_avx2 },
#endif
#ifdef XENT_HAVE_NEON
    { &xent_kernels_neon, xent_cpu_always },
#endif
    { &xent_kernels_scalar, xent_cpu_always },
};

#define BUILT (sizeof built / sizeof built[0])

static const char *names[BUILT + 1];
static struct xent_once names_once = XENT_ONCE_INIT;

static void list_names(void)
{
    size_t count = 0;
    for (size_t i = 0; i < BUILT; i++)
        if (built[i].usable()) names[count++] = built[i].kernels->name;
}

const char *const *xent_dispatch_names(void)
{
    xent_once(&names_once, list_names);
    return names;
}

const struct xent_kernels *xent_dispatch_find(const char *name)
{
    for (size_t i = 0; i < BUILT; i++)
        if ((name == NULL || strcmp(name, built[i].kernels->name) == 0) && built[i].usable()) return built[i].kernels;
    return NULL;
}
