#define _POSIX_C_SOURCE 200112L /* setenv */
#include "again.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void set_variable(const char *name, const char *value)
{
    if ((value == NULL ? unsetenv(name) : setenv(name, value, 1)) != 0) abort();
}

int run_again(const char *program, const char *backend, const char *threads, const char *first, const char *second)
{
    int status;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        set_variable("XENT_BACKEND", backend);
        set_variable("XENT_NUM_THREADS", threads);
        /* The command may be of several words. */
        execl("/bin/sh", "sh", "-c", "exec $XENT_TEST_EMULATOR \"$0\" \"$@\"", program, first, second, (char *)NULL);
        abort();
    }
    if (child < 0 || waitpid(child, &status, 0) != child) abort();
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
