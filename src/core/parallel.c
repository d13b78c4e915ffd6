#include "core/parallel.h"

#include <stdatomic.h>

#include "core/fpenv.h"
#include "core/pool.h"

/* Fewer logits than this are done before another thread has woken. */
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

void xent_parallel_plan(struct xent_parallel *parallel, int32_t threads, int64_t rows, int64_t work)
{
    int64_t tasks = work / WORK_PER_TASK;
    get_for(parallel);
    tasks = tasks < threads ? tasks : threads;
    tasks = tasks < rows ? tasks : rows;
    parallel->tasks = tasks < 1 || inside_body ? 1 : tasks;
}

struct share {
    int64_t rows, tasks;
    xent_task run;
    void *job;
};

static void run_one(void *context, int64_t task)
{
    const struct share *share = context;
    int64_t size = share->rows / share->tasks, longer = share->rows % share->tasks;
    int64_t from = task * size + (task < longer ? task : longer);
    int outside = inside_body;
    struct xent_fpenv saved;
    xent_fpenv_enter(&saved);
    inside_body = 1;
    share->run(share->job, task, from, from + size + (task < longer));
    inside_body = outside;
    xent_fpenv_leave(&saved);
}

void xent_parallel_run(const struct xent_parallel *parallel, int64_t rows, xent_task run, void *job)
{
    struct share share = { rows, parallel->tasks, run, job };
    if (parallel->tasks == 1)
        run(job, 0, 0, rows);
    else if (parallel->fn == NULL)
        xent_pool_run(parallel->tasks, run_one, &share);
    else
        parallel->fn(parallel->user, parallel->tasks, run_one, &share);
}
