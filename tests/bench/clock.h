#ifndef XENT_BENCH_CLOCK_H
#define XENT_BENCH_CLOCK_H

#include <stdbool.h>

/* Seconds of a clock that only runs forward. */
double clock_now(void);

/* Seconds of CPU time that the threads of this process have had. */
double clock_cpu(void);

void clock_sleep(double seconds);

/* The CPUs that this process may use, counted once, before anything is pinned. */
int clock_cpus(void);

/* Binds the process `pid` (0: the calling thread, and threads that it starts later) to `count` CPUs that this process may use,
   beginning with number `first` (-1: the last `count` of them). */
bool clock_pin(int pid, int first, int count);

/* Binds a process to the CPUs that the calling thread is bound to. */
void clock_pin_alike(int pid);

#endif
