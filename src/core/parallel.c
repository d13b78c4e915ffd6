#include "core/parallel.h"

#include <stdatomic.h>

#include "core/fpenv.h"
#include "core/pool.h"

/* Logits that take longer than to wake another thread, as measured in docs/architecture.md. */
#define WORK_PER_TASK 32768

/* fn and user change together: readers try again while a writer is at work or has been in between. */
static atomic_uint version; /* odd while a writer is at work */
static _Atomic(xent_parallel_for) current_fn;
static _Atomic(void *) current_user;

static _Thread_local int inside_body;

void xent_parallel_set_for(xent_parallel_for fn, void *user)
{
    unsigned seen = atomic_load(&version);
    while (seen % 2 != 0 || !atomic_compare_exchange_weak(&version, &seen, seen + 1)) seen = atomic_load(&version);
    atomic_store(&current_fn, fn);
    atomic_store(&current_user, user);
    atomic_store(&version, seen + 2);
}

static void get_for(struct xent_parallel *parallel)
{
    unsigned before, after;
    do {
        before = atomic_load(&version);
        parallel->fn = atomic_load(&current_fn);
        parallel->user = atomic_load(&current_user);
        after = atomic_load(&version);
    } while (before != after || before % 2 != 0);
}

/* Rows that do not go round are shared if each task's part of them is worth it. */
static int64_t shared_rows(const struct xent_parallel *parallel, int64_t work_per_row)
{
    int64_t left = parallel->rows % parallel->tasks;
    return parallel->chunks > 1 && left * work_per_row / parallel->tasks >= WORK_PER_TASK ? left : 0;
}

void xent_parallel_plan(struct xent_parallel *parallel, int32_t threads, int64_t rows, int64_t classes, int64_t work)
{
    int64_t tasks = work / WORK_PER_TASK;
    tasks = tasks < threads ? tasks : threads;
    parallel->tasks = 1;
    parallel->rows = rows;
    parallel->shared = 0;
    if (tasks <= 1 || inside_body) return;
    get_for(parallel);
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
