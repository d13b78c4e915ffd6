/* What the process has set: backend, number of threads. */
#ifndef XENT_API_RUNTIME_H
#define XENT_API_RUNTIME_H

#include "kernels/kernels.h"
#include "xent.h"

struct xent_runtime {
    const struct xent_kernels *kernels;
    int32_t threads;
};

/* The settings an operation runs with, or why there are none: the step *backend* of its checks. */
xent_status xent_runtime_get(struct xent_runtime *runtime);

#endif
