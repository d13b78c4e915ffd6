#define _GNU_SOURCE /* sched_setaffinity */
#include "affinity.h"

#ifdef __linux__

#include <sched.h>
#include <stddef.h>
#include <stdlib.h>

static cpu_set_t allowed(void)
{
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) abort();
    return cpus;
}

int affinity_count(void)
{
    const cpu_set_t cpus = allowed();
    return CPU_COUNT(&cpus);
}

bool affinity_keep_one(void)
{
    const cpu_set_t cpus = allowed();
    cpu_set_t one;
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &cpus)) CPU_SET(i, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
}

#else

#include <unistd.h>

int affinity_count(void) { return (int)sysconf(_SC_NPROCESSORS_ONLN); }

bool affinity_keep_one(void) { return false; }

#endif
