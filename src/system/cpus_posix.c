/* The CPUs of a process where the system has no way of its own to say: all that run. */
#include <unistd.h>

#include "system/cpus.h"

int64_t xent_cpus_usable(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count;
}
