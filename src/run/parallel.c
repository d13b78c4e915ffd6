/* Tasks, one a thread: how many, and which rows and pieces are whose. Each runs in the library's floating-point environment. */
#include "run/parallel.h"

#include <stdbool.h>

#include "run/pool.h"

/* Left-over rows are shared if each task's part of them is worth it. */
static int64_t shared_rows(const struct xent_parallel *parallel, int64_t work_per_row)
{
    int64_t left = parallel->rows % parallel->tasks;
    return parallel->pieces > 1 && left * work_per_row / parallel->tasks >= XENT_WORK_PER_TASK ? left : 0;
}

void xent_parallel_share(struct xent_parallel *parallel, int64_t tasks, int64_t work)
{
    parallel->fn = xent_settings_parallel_for(&parallel->user);
    parallel->tasks = tasks;
    parallel->shared = shared_rows(parallel, work / parallel->rows);
    if (parallel->shared == 0 && parallel->rows < tasks) parallel->tasks = parallel->rows;
}

struct job {
    const struct xent_parallel *parallel;
    const struct xent_pass *pass;
    const void *context;
};

struct part {
    int64_t from, to;
};

/* The task's part of [0, size). */
static struct part part_of(int64_t size, int64_t tasks, int64_t task)
{
    int64_t each = size / tasks, longer = size % tasks, from = task * each + (task < longer ? task : longer);
    return (struct part){ from, from + each + (task < longer) };
}

/* The task's part of the pieces of all shared rows, one row behind the other. */
static void run_pieces(const struct job *job, int64_t task)
{
    int64_t pieces = job->parallel->pieces;
    struct part left = part_of(job->parallel->shared * pieces, job->parallel->tasks, task);
    while (left.from < left.to) {
        int64_t row = left.from / pieces, begin = row * pieces, end = begin + pieces < left.to ? begin + pieces : left.to;
        job->pass->pieces(job->context, task, row, left.from - begin, end - begin);
        left.from = end;
    }
}

static void run_task(void *context, int64_t task)
{
    const struct job *job = context;
    struct part whole = part_of(job->parallel->rows - job->parallel->shared, job->parallel->tasks, task);
    struct xent_fpenv saved;
    xent_fpenv_enter(&saved);
    if (job->pass->rows != NULL && whole.from < whole.to) job->pass->rows(job->context, task, whole.from, whole.to);
    if (job->pass->pieces != NULL) run_pieces(job, task);
    xent_fpenv_leave(&saved);
}

static void run_by_caller(const struct xent_parallel *parallel, struct job *job)
{
    fenv_t before;
    xent_fpenv_lend(parallel->caller, &before);
    parallel->fn(parallel->user, parallel->tasks, run_task, job);
    xent_fpenv_take_back(&before);
}

void xent_parallel_run(const struct xent_parallel *parallel, const struct xent_pass *pass, const void *context)
{
    struct job job = { parallel, pass, context };
    bool whole = pass->rows != NULL && parallel->rows > parallel->shared;
    if (!whole && pass->pieces == NULL) return;
    if (parallel->fn == NULL)
        xent_pool_run(parallel->tasks, run_task, &job);
    else
        run_by_caller(parallel, &job);
}

void xent_parallel_rows(const struct xent_parallel *parallel,
                        void (*body)(const void *context, int64_t task, int64_t from, int64_t to), const void *context)
{
    if (parallel->tasks > 1)
        xent_parallel_run(parallel, &(struct xent_pass){ .rows = body }, context);
    else if (parallel->rows > 0)
        body(context, 0, 0, parallel->rows);
}
