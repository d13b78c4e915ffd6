/* Sharing an operation out to threads, the library's own or the caller's. Knows numbers alone: rows, and the pieces of a row. */
#ifndef XENT_RUN_PARALLEL_H
#define XENT_RUN_PARALLEL_H

#include "run/fpenv.h"
#include "run/settings.h"
#include "run/tuning.h"

/* How one operation is shared out, decided before its first write. Every task has the same number of whole rows, or one more; left-over
   rows, fewer than there are tasks, are shared where they are long: each task has its part of their pieces, end to end. */
struct xent_parallel {
    int64_t tasks; /* 1: on the calling thread */
    int64_t rows;
    int64_t pieces;       /* of a row */
    int64_t shared;       /* the last rows, fewer than `tasks`; 0 with one task */
    xent_parallel_for fn; /* what runs several tasks; NULL: the library's own threads */
    void *user;
    const struct xent_fpenv *caller; /* what fn runs in */
};

/* Decides for so many tasks, more than one, as the work is worth. */
void xent_parallel_share(struct xent_parallel *parallel, int64_t tasks, int64_t work);

/* threads: as many tasks at most, 0: as set for the process; work: logits that the operation reads. */
static inline void xent_parallel_plan(struct xent_parallel *parallel, const struct xent_settings *settings, int32_t threads,
                                      int64_t rows, int64_t pieces, int64_t work)
{
    int64_t tasks = work / XENT_WORK_PER_TASK;
    if (threads == 0) threads = settings->threads;
    tasks = tasks < threads ? tasks : threads;
    parallel->tasks = 1;
    parallel->rows = rows;
    parallel->pieces = pieces;
    parallel->shared = 0;
    if (tasks > 1) xent_parallel_share(parallel, tasks, work);
}

/* What tasks do in one pass; they run at the same time. NULL: nothing. Shared rows are counted from 0. */
struct xent_pass {
    void (*rows)(const void *context, int64_t task, int64_t from, int64_t to); /* whole rows, those before the shared ones */
    void (*pieces)(const void *context, int64_t task, int64_t shared, int64_t from, int64_t to);
};

/* Runs one pass of several tasks; when it returns, all are done. */
void xent_parallel_run(const struct xent_parallel *parallel, const struct xent_pass *pass, const void *context);

/* Calls body(context, task, from, to) for parts of the `rows` that have been planned, in one pass, by one task or several. */
void xent_parallel_rows(const struct xent_parallel *parallel,
                        void (*body)(const void *context, int64_t task, int64_t from, int64_t to), const void *context);

#endif
