/* What the library asks of a system's threads: locks, threads of its own, a clock. Each system has a file that answers. */
#ifndef XENT_SYSTEM_THREADS_H
#define XENT_SYSTEM_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
/* Win32's locks are a pointer each, which begins as NULL. */
struct xent_mutex {
    void *lock;
};
struct xent_condition {
    void *waiters;
};
struct xent_once {
    void *state;
};
#define XENT_MUTEX_INIT                                                                                                        \
    {                                                                                                                          \
        NULL                                                                                                                   \
    }
#define XENT_CONDITION_INIT                                                                                                    \
    {                                                                                                                          \
        NULL                                                                                                                   \
    }
#define XENT_ONCE_INIT                                                                                                         \
    {                                                                                                                          \
        NULL                                                                                                                   \
    }
#else
#include <pthread.h>
struct xent_mutex {
    pthread_mutex_t lock;
};
struct xent_condition {
    pthread_cond_t waiters;
};
struct xent_once {
    pthread_once_t state;
};
#define XENT_MUTEX_INIT                                                                                                        \
    {                                                                                                                          \
        PTHREAD_MUTEX_INITIALIZER                                                                                              \
    }
#define XENT_CONDITION_INIT                                                                                                    \
    {                                                                                                                          \
        PTHREAD_COND_INITIALIZER                                                                                               \
    }
#define XENT_ONCE_INIT                                                                                                         \
    {                                                                                                                          \
        PTHREAD_ONCE_INIT                                                                                                      \
    }
#endif

void xent_mutex_lock(struct xent_mutex *mutex);
void xent_mutex_unlock(struct xent_mutex *mutex);
/* The caller holds the mutex. Whoever waits may wake for nothing. */
void xent_condition_wait(struct xent_condition *condition, struct xent_mutex *mutex);
void xent_condition_signal(struct xent_condition *condition);

/* Calls the function the first time; when any thread returns from here, it has returned. */
void xent_once(struct xent_once *once, void (*function)(void));

/* In a child of fork() no thread is left but the one that forked: the function is called there. False where that cannot be had. */
bool xent_watch_forks(void (*in_child)(void));
/* Whatever thread holds the mutex, or waits: as they began. */
void xent_mutex_forget(struct xent_mutex *mutex);
void xent_condition_forget(struct xent_condition *condition);

/* How large a stack to ask for so that a thread has so many bytes of it for itself. */
size_t xent_thread_stack(size_t bytes);
/* What a thread does, for as long as the process lives. */
struct xent_thread {
    void (*run)(void);
};
/* Starts up to `count` threads, which need *thread as long as they run, and answers how many it has. They take no signal but those that
   they raise themselves. */
int64_t xent_threads_start(int64_t count, size_t stack, const struct xent_thread *thread);

/* Between these the calling thread is not cancelled while it waits. */
int xent_cancellation_hold(void);
void xent_cancellation_release(int held);

/* Nanoseconds, from any beginning. */
int64_t xent_clock_ns(void);

/* Tells the processor, in a loop that looks at memory, that this thread can wait. */
static inline void xent_spin_pause(void)
{
#if defined __i386__ || defined __x86_64__
    __builtin_ia32_pause(); /* the other thread of the core goes first */
#endif
}

#endif
