/* What the process has set for all calls: backend, number of threads, the caller's parallel_for. Any thread may read or change them
 * at any time; a call reads all of them once and finishes with what it has read. */
#ifndef XENT_RUN_SETTINGS_H
#define XENT_RUN_SETTINGS_H

#include "kernels/kernels.h"
#include "xent.h"

struct xent_settings {
    const struct xent_kernels *kernels;
    int32_t threads;                /* 1 to XENT_MAX_THREADS */
    xent_parallel_for parallel_for; /* NULL: the library's own threads */
    void *user;                     /* of parallel_for: the two were set together */
};

/* The settings that a call runs with, or why there are none: the step *backend* of its checks. */
xent_status xent_settings_get(struct xent_settings *settings);

/* The name of the backend in use; NULL where XENT_BACKEND names none that is usable. */
const char *xent_settings_backend(void);
/* name NULL: the best. */
xent_status xent_settings_set_backend(const char *name);

/* 0 where XENT_NUM_THREADS holds what cannot be honoured. */
int32_t xent_settings_threads(void);
/* n 0: as many as the process may use CPUs. */
xent_status xent_settings_set_threads(int32_t n);

void xent_settings_set_parallel_for(xent_parallel_for fn, void *user);

#endif
