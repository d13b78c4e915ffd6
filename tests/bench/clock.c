#define _GNU_SOURCE
#include "clock.h"

#include <sched.h>
#include <time.h>

/* What was allowed at first use: pinning narrows what the system reports later. */
static cpu_set_t allowed;
static int count_allowed = -1;

int clock_cpus(void)
{
    if (count_allowed < 0) count_allowed = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 0;
    return count_allowed;
}

bool clock_pin(int pid, int first, int count)
{
    int skip = first < 0 ? clock_cpus() - count : 0, taken = 0;
    if (skip < 0) return false;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t cpu = first < 0 ? 0 : (size_t)first; cpu < CPU_SETSIZE && taken < count; cpu++) {
        if (!CPU_ISSET(cpu, &allowed) || skip-- > 0) continue;
        if (taken == 0 && first >= 0 && cpu != (size_t)first) return false;
        CPU_SET(cpu, &set);
        taken++;
    }
    return taken == count && sched_setaffinity(pid, sizeof set, &set) == 0;
}

void clock_pin_alike(int pid)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) sched_setaffinity(pid, sizeof set, &set);
}

static double seconds_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double clock_now(void) { return seconds_of(CLOCK_MONOTONIC); }

double clock_cpu(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

void clock_sleep(double seconds)
{
    struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
    nanosleep(&t, NULL);
}
