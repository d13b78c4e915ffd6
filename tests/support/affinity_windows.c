#include <windows.h>

#include "affinity.h"

static DWORD_PTR allowed(void)
{
    DWORD_PTR process, system;
    if (GetProcessAffinityMask(GetCurrentProcess(), &process, &system) == 0) abort();
    return process;
}

int affinity_count(void) { return __builtin_popcountll(allowed()); }

bool affinity_keep_one(void)
{
    const DWORD_PTR cpus = allowed();
    return SetProcessAffinityMask(GetCurrentProcess(), cpus & (~cpus + 1)) != 0;
}
