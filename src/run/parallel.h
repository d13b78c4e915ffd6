/* Sharing an operation out to threads, the library's own or the caller's: its rows, and the chunks of long rows that do not go round. */
#ifndef XENT_RUN_PARALLEL_H
#define XENT_RUN_PARALLEL_H

#include "rows/row.h"
#include "run/settings.h"

/* How one operation runs, decided before its first write. */
struct xent_parallel {
    int64_t tasks; /* 1: on the calling thread */
    int64_t rows;
    xent_parallel_for fn; /* what runs several tasks; NULL: the library's own threads */
    void *user;
    int64_t chunks; /* of a row; where there are several tasks */
    int64_t shared; /* the last rows, fewer than tasks, in which every task has its share of the chunks */
};

/* threads: as many tasks at most, 0: as set for the process; work: logits that the operation reads. */
void xent_parallel_plan(struct xent_parallel *parallel, const struct xent_settings *settings, int32_t threads, int64_t rows,
                        int64_t classes, int64_t work);

/* What an operation does with its job. Tasks run at the same time; shared rows are counted from 0. NULL: nothing to do. */
struct xent_passes {
    void (*rows)(void *job, int64_t task, int64_t from, int64_t to); /* whole rows, those before the shared ones */
    void (*begin)(void *job, int64_t shared);                        /* on the calling thread, before the first pass */
    void (*first)(void *job, int64_t task, int64_t shared, struct xent_span span);
    void (*between)(void *job, int64_t shared); /* on the calling thread, row after row, after the first pass of all */
    void (*second)(void *job, int64_t task, int64_t shared, struct xent_span span);
};

void xent_parallel_run_tasks(const struct xent_parallel *parallel, const struct xent_passes *passes, void *job);

static inline void xent_parallel_run(const struct xent_parallel *parallel, const struct xent_passes *passes, void *job)
{
    if (parallel->tasks == 1)
        passes->rows(job, 0, 0, parallel->rows);
    else
        xent_parallel_run_tasks(parallel, passes, job);
}

#endif
