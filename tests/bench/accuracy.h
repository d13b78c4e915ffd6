#ifndef XENT_BENCH_ACCURACY_H
#define XENT_BENCH_ACCURACY_H

#include "data.h"
#include "options.h"
#include "peers/peer.h"

/* Rows of one kind and how far a peer's f32 losses of them, one row a call, are from the exact ones, in units of the exact
   loss's last place. */
struct bench_accuracy {
    const char *name, *rows;
    double median, worst;
    int count;
};

#define BENCH_ACCURACY_KINDS 3

/* Fills results[kind]; false if the peer cannot do it. */
bool bench_accuracy(const struct bench_peer *peer, const struct bench_arena *arena, int rows,
                    struct bench_accuracy results[BENCH_ACCURACY_KINDS]);

size_t bench_accuracy_bytes(void);

#endif
