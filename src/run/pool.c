/* The library's own threads. One caller at a time has them; all shared state is in `pool`. */
#define _GNU_SOURCE /* sigset_t, clock_gettime, dl_iterate_phdr in strict C11 */
#include "run/pool.h"

#ifdef __ELF__
#include <link.h>
#endif
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

/* Of a worker's stack: a task needs less than the 32 KiB promised for a call; what a system takes for itself varies. */
#define STACK_BYTES (256 * 1024)
#define STACK_STEP (64 * 1024) /* a multiple of any page */

/* Waking another thread takes longer than these: a worker catches the second pass of its job, and a caller the end of its last task,
   without being woken. */
#define WORKER_SPINS_NS 7000
#define CALLER_SPINS_NS 15000

/* One job at a time. All but `next` and `busy` change under the lock. Atomics are words: there are machines whose processor has no atomic
   operation on a byte, or on 64 bits, and whose programs would need libatomic for these. */
static struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;     /* workers: there is a place in the job */
    pthread_cond_t finished; /* the caller: the last worker has left it */
    int64_t workers;         /* started so far */
    atomic_long places;      /* workers that may still join */
    atomic_long inside;      /* workers that have joined and not left */
    xent_parallel_body body;
    void *context;
    int64_t count;
    atomic_long next; /* the first task that nobody has taken */
    atomic_int busy;  /* 1: somebody's; others do not wait for it */
    bool watched;     /* a child of fork() will forget the workers */
    size_t stack_bytes;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .finished = PTHREAD_COND_INITIALIZER };

static void take_tasks(int64_t count, xent_parallel_body body, void *context)
{
    int64_t task;
    while ((task = atomic_fetch_add_explicit(&pool.next, 1, memory_order_relaxed)) < count) body(context, task);
}

static int64_t clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Spins for at most `ns` while (*number == 0) == zero; takes no lock. */
static void spin_while(const atomic_long *number, bool zero, int64_t ns)
{
    int64_t end = clock_ns() + ns;
    while ((atomic_load_explicit(number, memory_order_relaxed) == 0) == zero && clock_ns() < end) {
#if defined __i386__ || defined __x86_64__
        __builtin_ia32_pause(); /* the other thread of the core goes first */
#endif
    }
}

static void *work(void *unused)
{
    for (;;) {
        spin_while(&pool.places, true, WORKER_SPINS_NS);
        (void)pthread_mutex_lock(&pool.lock);
        while (pool.places == 0) (void)pthread_cond_wait(&pool.wake, &pool.lock);
        int64_t count = pool.count;
        xent_parallel_body body = pool.body;
        void *context = pool.context;
        pool.places--;
        pool.inside++;
        (void)pthread_mutex_unlock(&pool.lock);
        take_tasks(count, body, context);
        (void)pthread_mutex_lock(&pool.lock);
        if (--pool.inside == 0) (void)pthread_cond_signal(&pool.finished);
        (void)pthread_mutex_unlock(&pool.lock);
    }
    return unused;
}

/* A child has only the thread that forked: no worker, and a lock that another thread may have held. */
static void forget_workers(void)
{
    (void)pthread_mutex_init(&pool.lock, NULL);
    (void)pthread_cond_init(&pool.wake, NULL);
    (void)pthread_cond_init(&pool.finished, NULL);
    pool.workers = 0;
    pool.places = 0;
    pool.inside = 0;
    atomic_store(&pool.busy, 0);
}

#ifdef __ELF__
static int add_thread_locals(struct dl_phdr_info *module, size_t size, void *sum)
{
    (void)size;
    for (int i = 0; i < module->dlpi_phnum; i++)
        if (module->dlpi_phdr[i].p_type == PT_TLS)
            *(size_t *)sum += (size_t)module->dlpi_phdr[i].p_memsz + (size_t)module->dlpi_phdr[i].p_align;
    return 0;
}
#endif

/* glibc takes the thread-local variables of the program and of the libraries loaded with it from each thread's stack, though the stack was
   chosen without them. Where a system gives them memory of their own, this is room that is never touched. */
static size_t stack_bytes(void)
{
    size_t bytes = STACK_BYTES;
#ifdef __ELF__
    (void)dl_iterate_phdr(add_thread_locals, &bytes);
#endif
    return (bytes + STACK_STEP - 1) / STACK_STEP * STACK_STEP;
}

static void prepare(void)
{
    pool.stack_bytes = stack_bytes();
    pool.watched = pthread_atfork(NULL, NULL, forget_workers) == 0;
}

/* Signals are for the program's own threads, but those that an instruction raises, which only its thread can take: a program may
   fill its memory from a handler for them. */
static void block_signals(sigset_t *before)
{
    static const int raised[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };
    sigset_t others;
    (void)sigfillset(&others);
    for (size_t i = 0; i < sizeof raised / sizeof raised[0]; i++) (void)sigdelset(&others, raised[i]);
    (void)pthread_sigmask(SIG_SETMASK, &others, before);
}

/* Starts workers until `wanted` run or pthread_create fails. */
static void start_workers(int64_t wanted)
{
    pthread_attr_t attributes;
    sigset_t before;
    if (pool.workers >= wanted || pthread_attr_init(&attributes) != 0) return;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attributes, pool.stack_bytes);
    block_signals(&before);
    for (pthread_t thread; pool.workers < wanted && pthread_create(&thread, &attributes, work, NULL) == 0;) pool.workers++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
}

static void open_job(int64_t count, xent_parallel_body body, void *context)
{
    (void)pthread_mutex_lock(&pool.lock);
    start_workers(count - 1);
    pool.body = body;
    pool.context = context;
    pool.count = count;
    atomic_store_explicit(&pool.next, 1, memory_order_relaxed);
    pool.places = (long)(pool.workers < count - 1 ? pool.workers : count - 1);
    for (int64_t i = 0; i < pool.places; i++) (void)pthread_cond_signal(&pool.wake);
    (void)pthread_mutex_unlock(&pool.lock);
}

/* Who has not joined by now stays out; the others finish the task they are at. */
static void close_job(void)
{
    (void)pthread_mutex_lock(&pool.lock);
    pool.places = 0;
    (void)pthread_mutex_unlock(&pool.lock);
    spin_while(&pool.inside, false, CALLER_SPINS_NS);
    (void)pthread_mutex_lock(&pool.lock);
    while (pool.inside > 0) (void)pthread_cond_wait(&pool.finished, &pool.lock);
    (void)pthread_mutex_unlock(&pool.lock);
}

/* The caller's own task is always the same: in a second pass it finds in its cache what it left there in the first. A caller who is
   cancelled while it waits would leave the workers with the memory that it leaves. */
static void run_with_workers(int64_t count, xent_parallel_body body, void *context)
{
    int cancellation;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
    open_job(count, body, context);
    body(context, 0);
    take_tasks(count, body, context);
    close_job();
    (void)pthread_setcancelstate(cancellation, &cancellation);
}

void xent_pool_run(int64_t count, xent_parallel_body body, void *context)
{
    /* before the lock is first held: a child must never find it held and nobody to free it */
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, prepare);
    if (!pool.watched || atomic_exchange_explicit(&pool.busy, 1, memory_order_acquire) == 1) {
        for (int64_t i = 0; i < count; i++) body(context, i);
        return;
    }
    run_with_workers(count, body, context);
    atomic_store_explicit(&pool.busy, 0, memory_order_release);
}
