/* The program xent with a system that fails: XENT_TEST_FAULT=<function>:<n> has one call of this function fail, after n that do not. The
   linker sends the calls of xent and of the static libxent here (-Wl,--wrap); jansson takes its memory here too. Of a call that has failed
   the file `fault` tells. */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ended;

static bool fails(const char *function, int error)
{
    static atomic_long calls;
    const char *wanted = getenv("XENT_TEST_FAULT");
    const size_t length = strlen(function);
    if (ended || wanted == NULL || strncmp(wanted, function, length) != 0 || wanted[length] != ':') return false;
    if (atomic_fetch_add(&calls, 1) != atol(wanted + length + 1)) return false;
    (void)close(creat("fault", 0666));
    errno = error;
    return true;
}

/* What is called `name` in an object file fails as `function`. */
#define WRAP(function, name, type, failed, error, parameters, arguments)                                                       \
    type __real_##name parameters;                                                                                             \
    type __wrap_##name parameters;                                                                                             \
    type __wrap_##name parameters { return fails(#function, error) ? (failed) : __real_##name arguments; }

WRAP(malloc, malloc, void *, NULL, ENOMEM, (size_t size), (size))
WRAP(calloc, calloc, void *, NULL, ENOMEM, (size_t count, size_t size), (count, size))
WRAP(read, read, ssize_t, -1, EIO, (int file, void *to, size_t size), (file, to, size))
WRAP(posix_madvise, posix_madvise, int, EINVAL, 0, (void *at, size_t size, int advice), (at, size, advice))
WRAP(fdopen, fdopen, FILE *, NULL, ENOMEM, (int file, const char *mode), (file, mode))
WRAP(pipe2, pipe2, int, -1, EMFILE, (int ends[2], int flags), (ends, flags))
WRAP(spawn, posix_spawnp, int, EAGAIN, 0,
     (pid_t * child, const char *program, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
      char *const words[], char *const environment[]),
     (child, program, actions, attributes, words, environment))
WRAP(action, posix_spawn_file_actions_init, int, ENOMEM, 0, (posix_spawn_file_actions_t * actions), (actions))
WRAP(action, posix_spawn_file_actions_adddup2, int, ENOMEM, 0, (posix_spawn_file_actions_t * actions, int file, int as),
     (actions, file, as))
WRAP(action, posix_spawn_file_actions_addopen, int, ENOMEM, 0,
     (posix_spawn_file_actions_t * actions, int file, const char *path, int flags, mode_t mode),
     (actions, file, path, flags, mode))
WRAP(pthread_create, pthread_create, int, EAGAIN, 0,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument),
     (thread, attributes, start, argument))

/* With files of any size glibc's headers call these by other names, and the library may be compiled without. */
#define WRAP_FILES(open_name, fopen_name, fstat_name, mmap_name, offset)                                                       \
    WRAP(open, open_name, int, -1, EMFILE, (const char *path, int flags, ...), (path, flags))                                  \
    WRAP(fopen, fopen_name, FILE *, NULL, EMFILE, (const char *path, const char *mode), (path, mode))                          \
    WRAP(fstat, fstat_name, int, -1, EIO, (int file, struct stat *status), (file, status))                                     \
    WRAP(mmap, mmap_name, void *, MAP_FAILED, ENOMEM,                                                                          \
         (void *at, size_t size, int protection, int flags, int file, offset from), (at, size, protection, flags, file, from))

WRAP_FILES(open, fopen, fstat, mmap, off_t)
#ifdef __GLIBC__
WRAP_FILES(open64, fopen64, fstat64, mmap64, off64_t)
#endif

/* Then what a compiler has added may write its counters, of any size. */
static void end(void)
{
    struct rlimit size;
    ended = true;
    if (getrlimit(RLIMIT_FSIZE, &size) != 0) return;
    size.rlim_cur = size.rlim_max;
    (void)setrlimit(RLIMIT_FSIZE, &size);
}

__attribute__((constructor)) static void begin(void)
{
    json_set_alloc_funcs(malloc, free);
    (void)atexit(end);
}
