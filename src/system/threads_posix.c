/* Threads where the system has POSIX's. */
#define _GNU_SOURCE /* sigset_t, clock_gettime, dl_iterate_phdr in strict C11 */
#include "system/threads.h"

#ifdef __ELF__
#include <link.h>
#endif
#include <signal.h>
#include <time.h>

#define STACK_STEP (64 * 1024) /* a multiple of any page */

void xent_mutex_lock(struct xent_mutex *mutex) { (void)pthread_mutex_lock(&mutex->lock); }

void xent_mutex_unlock(struct xent_mutex *mutex) { (void)pthread_mutex_unlock(&mutex->lock); }

void xent_condition_wait(struct xent_condition *condition, struct xent_mutex *mutex)
{
    (void)pthread_cond_wait(&condition->waiters, &mutex->lock);
}

void xent_condition_signal(struct xent_condition *condition) { (void)pthread_cond_signal(&condition->waiters); }

void xent_once(struct xent_once *once, void (*function)(void)) { (void)pthread_once(&once->state, function); }

bool xent_watch_forks(void (*in_child)(void)) { return pthread_atfork(NULL, NULL, in_child) == 0; }

void xent_mutex_forget(struct xent_mutex *mutex) { (void)pthread_mutex_init(&mutex->lock, NULL); }

void xent_condition_forget(struct xent_condition *condition) { (void)pthread_cond_init(&condition->waiters, NULL); }

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
size_t xent_thread_stack(size_t bytes)
{
#ifdef __ELF__
    (void)dl_iterate_phdr(add_thread_locals, &bytes);
#endif
    return (bytes + STACK_STEP - 1) / STACK_STEP * STACK_STEP;
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

static void *run(void *thread)
{
    ((const struct xent_thread *)thread)->run();
    return NULL;
}

int64_t xent_threads_start(int64_t count, size_t stack, const struct xent_thread *thread)
{
    pthread_attr_t attributes;
    sigset_t before;
    int64_t started = 0;
    if (pthread_attr_init(&attributes) != 0) return 0;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attributes, stack);
    block_signals(&before);
    for (pthread_t id; started < count && pthread_create(&id, &attributes, run, (void *)(uintptr_t)thread) == 0;) started++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return started;
}

int xent_cancellation_hold(void)
{
    int held;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &held);
    return held;
}

void xent_cancellation_release(int held) { (void)pthread_setcancelstate(held, &held); }

int64_t xent_clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
