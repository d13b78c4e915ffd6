/* Sharing the rows of an operation out to threads: the library's own, or the caller's. */
#ifndef XENT_CORE_PARALLEL_H
#define XENT_CORE_PARALLEL_H

#include "xent.h"

#define XENT_MAX_THREADS 4096

/* Process-wide settings. */
void xent_parallel_set_for(xent_parallel_for fn, void *user);

/* How one operation runs, decided before its first write. */
struct xent_parallel {
    xent_parallel_for fn;
    void *user;
    int64_t tasks; /* 1: on the calling thread */
};

/* threads: as many tasks at most; work: logits that the operation reads. */
void xent_parallel_plan(struct xent_parallel *parallel, int32_t threads, int64_t rows, int64_t work);

/* Calls run(job, task, from, to) for every task, each with its share of the rows. */
typedef void (*xent_task)(void *job, int64_t task, int64_t from, int64_t to);
void xent_parallel_run(const struct xent_parallel *parallel, int64_t rows, xent_task run, void *job);

#endif
