#include <process.h>
#include <stdint.h>
#include <stdlib.h>

#include "again.h"

/* An empty value is none: _putenv_s takes the variable away. */
static void set_variable(const char *name, const char *value)
{
    if (_putenv_s(name, value == NULL ? "" : value) != 0) abort();
}

/* The child has this process's environment. What the library has read of it stays as it was read. */
int run_again(const char *program, const char *backend, const char *threads, const char *first, const char *second)
{
    set_variable("XENT_BACKEND", backend);
    set_variable("XENT_NUM_THREADS", threads);
    const intptr_t status = _spawnl(_P_WAIT, program, program, first, second, (char *)NULL);
    set_variable("XENT_BACKEND", NULL);
    set_variable("XENT_NUM_THREADS", NULL);
    if (status == -1) abort();
    return status != 0;
}
