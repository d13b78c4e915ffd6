/* What the process has set for all calls: backend, number of threads, the caller's parallel_for. Any thread may read or change them
 * at any time; a call reads each of them once at most and finishes with what it has read. */
#ifndef XENT_RUN_SETTINGS_H
#define XENT_RUN_SETTINGS_H

#include "kernels/kernels.h"
#include "xent.h"

struct xent_settings {
    const struct xent_kernels *kernels;
    int32_t threads; /* 1 to XENT_MAX_THREADS */
};

/* The settings that a call runs with, or why there are none: the step *backend* of its checks. */
xent_status xent_settings_get(struct xent_settings *settings);

/* The caller's parallel_for, for a call of several tasks; NULL: the library's own threads. *user has been set together with it. */
xent_parallel_for xent_settings_parallel_for(void **user);

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
