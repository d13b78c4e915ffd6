/* The library's own threads. They are started when a call first has work for them, sleep between calls, and never end. */
#ifndef XENT_RUN_POOL_H
#define XENT_RUN_POOL_H

#include "xent.h"

/* Calls body(context, i) once for every i in [0, count), on the calling thread and up to count - 1 others; on the calling thread
   alone while the pool works for somebody else, or where no thread can be started. */
void xent_pool_run(int64_t count, xent_parallel_body body, void *context);

#endif
