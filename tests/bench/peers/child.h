#ifndef XENT_BENCH_CHILD_H
#define XENT_BENCH_CHILD_H

#include "data.h"
#include "peers/peer.h"

/* A peer in a process of its own, with an allocator and threads of its own. The program gets the arena's file descriptor and
   its bytes as its last arguments, and answers each line of its standard input by one on its standard output:

       (start)                 ready
       prepare <name>=<value>...
                               ok, or no: it cannot do this
       time <calls>            <seconds> <bench_value of the last call>
       release                 ok

   The names are those of a workload's operation and its options; n, classes, inner, dtype, threads; pass: forward, or array where
   one of the logits' shape is written; and of each array its place in the arena, -1 where there is none: logits, target,
   probabilities, upstream (the gradient that a backward operation is given), class_weight, row_weight. All but targets are of the
   dtype. What it writes is out of place, wherever it likes. It is idle while it is not asked, and ends with its input. */

/* Starts argv[0] with up to three arguments; false if it does not say that it is ready. environment: NULL, or settings
   NAME=value, NULL behind the last. */
bool bench_child_start(struct bench_peer *peer, const char *name, const struct bench_arena *arena, const char *const *argv,
                       const char *const *environment);

#endif
