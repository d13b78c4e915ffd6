/* The library's own threads. One caller at a time has them; all shared state is in `pool`. */
#include "run/pool.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "system/threads.h"

/* Of a worker's stack: a task needs less than the 32 KiB promised for a call; what a system takes for itself varies. */
#define STACK_BYTES (256 * 1024)

/* Waking another thread takes longer than these: a worker catches the second pass of its job, and a caller the end of its last task,
   without being woken. */
#define WORKER_SPINS_NS 7000
#define CALLER_SPINS_NS 15000

/* One job at a time. All but `next` and `busy` change under the lock. Atomics are words: there are machines whose processor has no atomic
   operation on a byte, or on 64 bits, and whose programs would need libatomic for these. */
static struct pool {
    struct xent_mutex lock;
    struct xent_condition wake;     /* workers: there is a place in the job */
    struct xent_condition finished; /* the caller: the last worker has left it */
    int64_t workers;                /* started so far */
    atomic_long places;             /* workers that may still join */
    atomic_long inside;             /* workers that have joined and not left */
    xent_parallel_body body;
    void *context;
    int64_t count;
    atomic_long next; /* the first task that nobody has taken */
    atomic_int busy;  /* 1: somebody's; others do not wait for it */
    bool watched;     /* a child of fork() will forget the workers */
    size_t stack;     /* that a worker is started with */
} pool = { .lock = XENT_MUTEX_INIT, .wake = XENT_CONDITION_INIT, .finished = XENT_CONDITION_INIT };

static void take_tasks(int64_t count, xent_parallel_body body, void *context)
{
    int64_t task;
    while ((task = atomic_fetch_add_explicit(&pool.next, 1, memory_order_relaxed)) < count) body(context, task);
}

/* Spins for at most `ns` while (*number == 0) == zero; takes no lock. */
static void spin_while(const atomic_long *number, bool zero, int64_t ns)
{
    int64_t end = xent_clock_ns() + ns;
    while ((atomic_load_explicit(number, memory_order_relaxed) == 0) == zero && xent_clock_ns() < end) xent_spin_pause();
}

static void work(void)
{
    for (;;) {
        spin_while(&pool.places, true, WORKER_SPINS_NS);
        xent_mutex_lock(&pool.lock);
        while (pool.places == 0) xent_condition_wait(&pool.wake, &pool.lock);
        int64_t count = pool.count;
        xent_parallel_body body = pool.body;
        void *context = pool.context;
        pool.places--;
        pool.inside++;
        xent_mutex_unlock(&pool.lock);
        take_tasks(count, body, context);
        xent_mutex_lock(&pool.lock);
        if (--pool.inside == 0) xent_condition_signal(&pool.finished);
        xent_mutex_unlock(&pool.lock);
    }
}

/* A child has only the thread that forked: no worker, and a lock that another thread may have held. */
static void forget_workers(void)
{
    xent_mutex_forget(&pool.lock);
    xent_condition_forget(&pool.wake);
    xent_condition_forget(&pool.finished);
    pool.workers = 0;
    pool.places = 0;
    pool.inside = 0;
    atomic_store(&pool.busy, 0);
}

static void prepare(void)
{
    pool.stack = xent_thread_stack(STACK_BYTES);
    pool.watched = xent_watch_forks(forget_workers);
}

static void start_workers(int64_t wanted)
{
    static const struct xent_thread worker = { work };
    if (pool.workers < wanted) pool.workers += xent_threads_start(wanted - pool.workers, pool.stack, &worker);
}

static void open_job(int64_t count, xent_parallel_body body, void *context)
{
    xent_mutex_lock(&pool.lock);
    start_workers(count - 1);
    pool.body = body;
    pool.context = context;
    pool.count = count;
    atomic_store_explicit(&pool.next, 1, memory_order_relaxed);
    pool.places = (long)(pool.workers < count - 1 ? pool.workers : count - 1);
    for (int64_t i = 0; i < pool.places; i++) xent_condition_signal(&pool.wake);
    xent_mutex_unlock(&pool.lock);
}

/* Who has not joined by now stays out; the others finish the task they are at. */
static void close_job(void)
{
    xent_mutex_lock(&pool.lock);
    pool.places = 0;
    xent_mutex_unlock(&pool.lock);
    spin_while(&pool.inside, false, CALLER_SPINS_NS);
    xent_mutex_lock(&pool.lock);
    while (pool.inside > 0) xent_condition_wait(&pool.finished, &pool.lock);
    xent_mutex_unlock(&pool.lock);
}

/* The caller's own task is always the same: in a second pass it finds in its cache what it left there in the first. A caller who is
   cancelled while it waits would leave the workers with the memory that it leaves. */
static void run_with_workers(int64_t count, xent_parallel_body body, void *context)
{
    int held = xent_cancellation_hold();
    open_job(count, body, context);
    body(context, 0);
    take_tasks(count, body, context);
    close_job();
    xent_cancellation_release(held);
}

void xent_pool_run(int64_t count, xent_parallel_body body, void *context)
{
    /* before the lock is first held: a child must never find it held and nobody to free it */
    static struct xent_once once = XENT_ONCE_INIT;
    xent_once(&once, prepare);
    if (!pool.watched || atomic_exchange_explicit(&pool.busy, 1, memory_order_acquire) == 1) {
        for (int64_t i = 0; i < count; i++) body(context, i);
        return;
    }
    run_with_workers(count, body, context);
    atomic_store_explicit(&pool.busy, 0, memory_order_release);
}
