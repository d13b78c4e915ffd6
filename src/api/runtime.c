#define _GNU_SOURCE /* secure_getenv, sched_getaffinity */
#include "api/runtime.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sched.h>
#endif
#include <unistd.h>

#include "core/errors.h"
#include "core/parallel.h"
#include "dispatch/select.h"

#define VALUE_SIZE 64
#define THREADS_UNREAD 0
#define THREADS_BAD (-1)

/* The environment, as it was at first use. A name too long to keep is no backend's; it is cut in the message. */
static struct environment {
    char backend[VALUE_SIZE];
    char num_threads[VALUE_SIZE];
} environment;
static pthread_once_t environment_once = PTHREAD_ONCE_INIT;

/* Stands for a XENT_BACKEND that names no usable one. */
static const struct xent_kernels unusable = { .name = NULL };

static atomic_int threads; /* or one of THREADS_* */

static void copy_variable(const char *name, char *value)
{
#ifdef __GLIBC__
    const char *found = secure_getenv(name);
#else
    const char *found = getenv(name);
#endif
    if (found != NULL) strncpy(value, found, VALUE_SIZE - 1);
}

static int32_t usable_cpus(void)
{
    long count = 0;
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
#endif
    if (count < 1) count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > XENT_MAX_THREADS ? XENT_MAX_THREADS : (int32_t)count;
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
    const struct xent_kernels *kernels;
    int unread = THREADS_UNREAD, n;
    copy_variable("XENT_BACKEND", environment.backend);
    copy_variable("XENT_NUM_THREADS", environment.num_threads);
    kernels = xent_dispatch_find(environment.backend[0] == '\0' ? NULL : environment.backend);
    xent_dispatch_use_first(kernels == NULL ? &unusable : kernels);
    n = parse_threads(environment.num_threads);
    (void)atomic_compare_exchange_strong(&threads, &unread, n == 0 ? usable_cpus() : n);
}

/* Also orders the caller behind whoever read it: the settings themselves are published without that. */
static const struct environment *environment_at_first_use(void)
{
    (void)pthread_once(&environment_once, read_environment);
    return &environment;
}

static const struct xent_kernels *current_kernels(void)
{
    const struct xent_kernels *kernels = xent_dispatch_current();
    if (kernels != NULL) return kernels;
    (void)environment_at_first_use();
    return xent_dispatch_current();
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

xent_status xent_runtime_get(struct xent_runtime *runtime)
{
    char available[VALUE_SIZE];
    runtime->kernels = current_kernels();
    runtime->threads = current_threads();
    if (runtime->kernels == &unusable) {
        list_backends(available, sizeof available);
        return xent_fail(XENT_ERROR_UNSUPPORTED, "XENT_BACKEND is \"%s\", which is not usable here; available: %s",
                         environment_at_first_use()->backend, available);
    }
    if (runtime->threads == THREADS_BAD)
        return xent_fail(XENT_ERROR_UNSUPPORTED, "XENT_NUM_THREADS is \"%s\"; available: 1 to %d, and 0 for the default",
                         environment_at_first_use()->num_threads, XENT_MAX_THREADS);
    return XENT_OK;
}

const char *const *xent_backends(void) { return xent_dispatch_names(); }

const char *xent_backend(void) { return current_kernels()->name; }

xent_status xent_set_backend(const char *name)
{
    const struct xent_kernels *kernels = xent_dispatch_find(name);
    char available[VALUE_SIZE];
    if (kernels != NULL) {
        xent_dispatch_use(kernels);
        return XENT_OK;
    }
    list_backends(available, sizeof available);
    return xent_fail(XENT_ERROR_UNSUPPORTED, "backend \"%.64s\" is not usable here; available: %s", name, available);
}

int32_t xent_num_threads(void)
{
    int32_t n = current_threads();
    return n == THREADS_BAD ? 0 : n;
}

xent_status xent_set_num_threads(int32_t n)
{
    if (n < 0 || n > XENT_MAX_THREADS)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "n is %d, expected 1 to %d, or 0 for the default", (int)n,
                         XENT_MAX_THREADS);
    atomic_store_explicit(&threads, n == 0 ? usable_cpus() : n, memory_order_relaxed);
    return XENT_OK;
}

xent_status xent_set_parallel_for(xent_parallel_for fn, void *user)
{
    xent_parallel_set_for(fn, user);
    return XENT_OK;
}
