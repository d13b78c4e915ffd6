#ifndef XENT_BENCH_CHILD_H
#define XENT_BENCH_CHILD_H

#include "data.h"
#include "peers/peer.h"

/* A peer in a process of its own, with an allocator and threads of its own. The program gets the arena's file descriptor and
   its bytes as its last arguments, and answers each line of its standard input by one on its standard output:

       (start)                 ready
       prepare <n> <classes> <inner> <dtype> <forward|gradient> <threads> <offset of logits> <of gradient> <of targets>
                               ok, or no: it cannot do this
       time <calls>            <seconds> <loss of the last call>
       release                 ok

   Gradients are out of place, wherever it likes. It is idle while it is not asked, and ends with its input. */

/* Starts argv[0] with up to three arguments; false if it does not say that it is ready. environment: NULL, or settings
   NAME=value, NULL behind the last. */
bool bench_child_start(struct bench_peer *peer, const char *name, const struct bench_arena *arena, const char *const *argv,
                       const char *const *environment);

#endif
