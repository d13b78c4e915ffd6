#ifndef XENT_TESTS_PARTIAL_PEERS_H
#define XENT_TESTS_PARTIAL_PEERS_H

#include "partial_batch.h"

/* An exchange with shards whose states are known already: ours must be these. */
struct peers {
    const xent_shard *shard;
    const xent_partial *states, *whole;
    int64_t rows, block_rows;

    int64_t exchanged;
    bool begun, entropy;
};

/* The shard's rows by xent_partial_exchange: expects the states and the merged rows that are known, and writes the gradient; `to` NULL: there
   is none, and the states have their heat. */
void exchange_shard(const struct batch *b, struct peers *p, const xent_tensor *logits, const xent_tensor *target,
                    xent_tensor *to);

#endif
