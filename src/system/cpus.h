/* How many CPUs the process may use. */
#ifndef XENT_SYSTEM_CPUS_H
#define XENT_SYSTEM_CPUS_H

#include <stdint.h>

/* Those that its threads may run on, and no more than its quota of CPU time keeps busy: at least 1. */
int64_t xent_cpus_usable(void);

/* Linux: how many CPUs the quota of the process's control groups keeps busy, rounded up; 0 where there is no quota. `root` goes before
   every path: "" for the system's own files. */
int64_t xent_cpus_quota(const char *root);

#endif
