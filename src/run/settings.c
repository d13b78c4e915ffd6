/* What can be set for the process. Each setting is atomic on its own; the environment is read once, when a setting that nobody has set
 * is first asked for. The other state of the process: the worker threads (run/pool.c), what is found out once (the CPU quota,
 * system/cpus_linux.c; the usable backends, dispatch/select.c), and what each thread has (its message, args/errors.c). */
#define _GNU_SOURCE /* secure_getenv */
#include "run/settings.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "args/errors.h"
#include "args/options.h"
#include "dispatch/select.h"
#include "system/cpus.h"
#include "system/threads.h"

#define VALUE_SIZE 64
#define THREADS_UNREAD 0
#define THREADS_BAD (-1)

/* The environment, as it was at first use, for messages: a value too long to keep is cut in them. */
static struct environment {
    char backend[VALUE_SIZE];
    char num_threads[VALUE_SIZE];
} environment;
static struct xent_once environment_once = XENT_ONCE_INIT;

/* Stands for a XENT_BACKEND that names no usable one. */
static const struct xent_kernels unusable = { .name = NULL };

static _Atomic(const struct xent_kernels *) backend; /* NULL until it is set or the environment has been read */
static atomic_int threads;                           /* or one of THREADS_* */

/* ---- parallel_for ------------------------------------------------------------------------------------------------- */

/* The function and its user pointer change together. Every pair that is set has a number; it is written to the place that follows from
   the number, and published by it. A reader takes the newest pair and looks at the number again: the place is written anew only after
   PLACES - 1 further pairs, so with fewer the reader has an unbroken pair. Neither a writer that is preempted nor one that a fork has cut off
   in the middle can hold a reader up. */
#define PLACES 4
static struct {
    _Atomic(xent_parallel_for) fn;
    _Atomic(void *) user;
} pairs[PLACES];
static _Atomic(unsigned long) newest; /* the number of the newest pair; the first place begins as that of a pair of NULL */

/* Writers take turns. A child of fork() has none of the other threads, one of which may have been writing. */
static struct xent_mutex writing = XENT_MUTEX_INIT;
static struct xent_once fork_once = XENT_ONCE_INIT;

static void forget_writer(void) { xent_mutex_forget(&writing); }

static void watch_forks(void) { (void)xent_watch_forks(forget_writer); }

void xent_settings_set_parallel_for(xent_parallel_for fn, void *user)
{
    unsigned long next;
    xent_once(&fork_once, watch_forks);
    xent_mutex_lock(&writing);
    next = atomic_load(&newest) + 1;
    atomic_store(&pairs[next % PLACES].fn, fn);
    atomic_store(&pairs[next % PLACES].user, user);
    atomic_store(&newest, next);
    xent_mutex_unlock(&writing);
}

xent_parallel_for xent_settings_parallel_for(void **user)
{
    xent_parallel_for fn;
    unsigned long before;
    do {
        before = atomic_load(&newest);
        fn = atomic_load(&pairs[before % PLACES].fn);
        *user = atomic_load(&pairs[before % PLACES].user);
    } while (atomic_load(&newest) - before >= PLACES - 1);
    return fn;
}

/* ---- The environment ---------------------------------------------------------------------------------------------- */

/* "" where it is unset. */
static const char *read_variable(const char *name, char *kept)
{
#ifdef __GLIBC__
    const char *found = secure_getenv(name);
#else
    const char *found = getenv(name);
#endif
    if (found == NULL) return "";
    strncpy(kept, found, VALUE_SIZE - 1);
    return found;
}

/* The default. */
static int32_t usable_cpus(void)
{
    int64_t count = xent_cpus_usable();
    return count > XENT_MAX_THREADS ? XENT_MAX_THREADS : (int32_t)count;
}

/* 0..XENT_MAX_THREADS in decimal digits alone; THREADS_BAD otherwise */
static int32_t parse_threads(const char *text)
{
    int32_t n = 0;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9') return THREADS_BAD;
        n = 10 * n + (*digit - '0');
        if (n > XENT_MAX_THREADS) return THREADS_BAD;
    }
    return n;
}

/* A setter that came first has its way: only what is still unset is taken from here. */
static void read_environment(void)
{
    const char *name = read_variable("XENT_BACKEND", environment.backend);
    const char *number = read_variable("XENT_NUM_THREADS", environment.num_threads);
    const struct xent_kernels *named = xent_dispatch_find(name[0] == '\0' ? NULL : name), *none = NULL;
    int unread = THREADS_UNREAD, n = parse_threads(number);
    (void)atomic_compare_exchange_strong(&backend, &none, named == NULL ? &unusable : named);
    (void)atomic_compare_exchange_strong(&threads, &unread, n == 0 ? usable_cpus() : n);
}

/* Also orders the caller behind whoever read it: the settings themselves are published without that. */
static const struct environment *environment_at_first_use(void)
{
    xent_once(&environment_once, read_environment);
    return &environment;
}

/* ---- Getting and setting ------------------------------------------------------------------------------------------ */

static const struct xent_kernels *current_backend(void)
{
    const struct xent_kernels *current = atomic_load_explicit(&backend, memory_order_relaxed);
    if (current != NULL) return current;
    (void)environment_at_first_use();
    return atomic_load_explicit(&backend, memory_order_relaxed);
}

static int32_t current_threads(void)
{
    int n = atomic_load_explicit(&threads, memory_order_relaxed);
    if (n != THREADS_UNREAD) return n;
    (void)environment_at_first_use();
    return atomic_load_explicit(&threads, memory_order_relaxed);
}

/* "avx2, scalar" */
static void list_backends(char *text, size_t size)
{
    text[0] = '\0';
    for (const char *const *name = xent_dispatch_names(); *name != NULL; name++) {
        if (text[0] != '\0') strncat(text, ", ", size - strlen(text) - 1);
        strncat(text, *name, size - strlen(text) - 1);
    }
}

static XENT_COLD xent_status fail_environment(const struct xent_settings *settings)
{
    char available[VALUE_SIZE];
    if (settings->kernels == &unusable) {
        list_backends(available, sizeof available);
        return xent_fail(XENT_ERROR_UNSUPPORTED, "XENT_BACKEND is \"%s\", which is not usable here; available: %s",
                         environment_at_first_use()->backend, available);
    }
    return xent_fail(XENT_ERROR_UNSUPPORTED, "XENT_NUM_THREADS is \"%s\"; available: 1 to %d, and 0 for the default",
                     environment_at_first_use()->num_threads, XENT_MAX_THREADS);
}

xent_status xent_settings_get(struct xent_settings *settings)
{
    settings->kernels = current_backend();
    settings->threads = current_threads();
    return settings->kernels == &unusable || settings->threads == THREADS_BAD ? fail_environment(settings) : XENT_OK;
}

const char *xent_settings_backend(void) { return current_backend()->name; }

xent_status xent_settings_set_backend(const char *name)
{
    const struct xent_kernels *kernels = xent_dispatch_find(name);
    char available[VALUE_SIZE];
    if (kernels != NULL) {
        atomic_store_explicit(&backend, kernels, memory_order_relaxed);
        return XENT_OK;
    }
    list_backends(available, sizeof available);
    return xent_fail(XENT_ERROR_UNSUPPORTED, "backend \"%.64s\" is not usable here; available: %s", name, available);
}

int32_t xent_settings_threads(void)
{
    int32_t n = current_threads();
    return n == THREADS_BAD ? 0 : n;
}

xent_status xent_settings_set_threads(int32_t n)
{
    if (n < 0 || n > XENT_MAX_THREADS)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "n is %d, expected 1 to %d, or 0 for the default", (int)n,
                         XENT_MAX_THREADS);
    atomic_store_explicit(&threads, n == 0 ? usable_cpus() : n, memory_order_relaxed);
    return XENT_OK;
}
