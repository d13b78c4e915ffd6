/* Which backends are built and usable here, and which one is in use. */
#ifndef XENT_DISPATCH_SELECT_H
#define XENT_DISPATCH_SELECT_H

#include "kernels/kernels.h"

/* Names of the usable backends, best first, NULL-terminated. */
const char *const *xent_dispatch_names(void);

/* The usable backend of this name, NULL if there is none; name NULL: the best. */
const struct xent_kernels *xent_dispatch_find(const char *name);

/* The one in use; NULL until xent_dispatch_use. */
const struct xent_kernels *xent_dispatch_current(void);
void xent_dispatch_use(const struct xent_kernels *kernels);

/* Uses it only if none has been in use yet. */
void xent_dispatch_use_first(const struct xent_kernels *kernels);

#endif
