#include "run/parallel.h"

#include "run/fpenv.h"
#include "run/pool.h"

/* Logits that take longer than to wake another thread, as measured in docs/architecture.md. */
#define WORK_PER_TASK 32768

static _Thread_local int inside_body;

/* Rows that do not go round are shared if each task's part of them is worth it. */
static int64_t shared_rows(const struct xent_parallel *parallel, int64_t work_per_row)
{
    int64_t left = parallel->rows % parallel->tasks;
    return parallel->chunks > 1 && left * work_per_row / parallel->tasks >= WORK_PER_TASK ? left : 0;
}

void xent_parallel_plan(struct xent_parallel *parallel, const struct xent_settings *settings, int32_t threads, int64_t rows,
                        int64_t classes, int64_t work)
{
    int64_t tasks = work / WORK_PER_TASK;
    if (threads == 0) threads = settings->threads;
    tasks = tasks < threads ? tasks : threads;
    parallel->tasks = 1;
    parallel->rows = rows;
    parallel->shared = 0;
    if (tasks <= 1 || inside_body) return;
    parallel->fn = settings->parallel_for;
    parallel->user = settings->user;
    parallel->tasks = tasks;
    parallel->chunks = xent_chunk_count(classes);
    parallel->shared = shared_rows(parallel, work / rows);
    if (parallel->shared == 0 && rows < tasks) parallel->tasks = rows;
}

struct job {
    const struct xent_parallel *parallel;
    const struct xent_passes *passes;
    void *job;
    void (*pass)(void *job, int64_t task, int64_t shared, struct xent_span span); /* over the shared rows */
    int64_t whole; /* rows before them, to be done in this pass */
};

/* The task's part of [0, size). */
static struct xent_span share(int64_t size, int64_t tasks, int64_t task)
{
    int64_t each = size / tasks, longer = size % tasks, from = task * each + (task < longer ? task : longer);
    return (struct xent_span){ from, from + each + (task < longer) };
}

/* The task's part of the chunks of all shared rows, one row behind the other. */
static void pass_over_shared(const struct job *job, int64_t task)
{
    int64_t chunks = job->parallel->chunks;
    struct xent_span all = share(job->parallel->shared * chunks, job->parallel->tasks, task);
    while (all.from < all.to) {
        int64_t row = all.from / chunks, begin = row * chunks, end = begin + chunks < all.to ? begin + chunks : all.to;
        job->pass(job->job, task, row, (struct xent_span){ all.from - begin, end - begin });
        all.from = end;
    }
}

static void run_one(void *context, int64_t task)
{
    const struct job *job = context;
    struct xent_span whole = share(job->whole, job->parallel->tasks, task);
    int outside = inside_body;
    struct xent_fpenv saved;
    xent_fpenv_enter(&saved);
    inside_body = 1;
    if (whole.from < whole.to) job->passes->rows(job->job, task, whole.from, whole.to);
    if (job->pass != NULL) pass_over_shared(job, task);
    inside_body = outside;
    xent_fpenv_leave(&saved);
}

static void run_tasks(const struct xent_parallel *parallel, struct job *job)
{
    if (parallel->fn == NULL)
        xent_pool_run(parallel->tasks, run_one, job);
    else
        parallel->fn(parallel->user, parallel->tasks, run_one, job);
}

void xent_parallel_run_tasks(const struct xent_parallel *parallel, const struct xent_passes *passes, void *context)
{
    int64_t shared = parallel->shared;
    struct job job = { parallel, passes, context, shared > 0 ? passes->first : NULL, parallel->rows - shared };
    for (int64_t i = 0; i < shared && passes->begin != NULL; i++) passes->begin(context, i);
    if (job.whole > 0 || job.pass != NULL) run_tasks(parallel, &job);
    for (int64_t i = 0; i < shared && passes->between != NULL; i++) passes->between(context, i);
    if (shared == 0 || passes->second == NULL) return;
    job.pass = passes->second;
    job.whole = 0;
    run_tasks(parallel, &job);
}
