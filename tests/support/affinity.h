#ifndef XENT_TESTS_AFFINITY_H
#define XENT_TESTS_AFFINITY_H

#include <stdbool.h>

/* The CPUs that the threads of this process may run on. */
int affinity_count(void);

/* One of them from now on; false where the system has no way to say so. */
bool affinity_keep_one(void);

#endif
