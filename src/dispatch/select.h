/* Which backends are built and usable here. */
#ifndef XENT_DISPATCH_SELECT_H
#define XENT_DISPATCH_SELECT_H

#include "kernels/kernels.h"

/* Names of the usable backends, best first, NULL-terminated. */
const char *const *xent_dispatch_names(void);

/* The usable backend of this name, NULL if there is none; name NULL: the best. */
const struct xent_kernels *xent_dispatch_find(const char *name);

#endif
