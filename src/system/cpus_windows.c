/* The CPUs of a process of Windows. Its threads begin in one group of at most 64 processors; a process that has given itself processors
 * of several groups has no mask. */
#define _WIN32_WINNT 0x0601 /* Windows 7: groups of processors */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "system/cpus.h"

int64_t xent_cpus_usable(void)
{
    DWORD_PTR process, system;
    DWORD count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &process, &system) != 0) count = (DWORD)__builtin_popcountll(process);
    if (count == 0) count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    return count == 0 ? 1 : count;
}
