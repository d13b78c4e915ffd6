#ifndef XENT_BENCH_PEER_H
#define XENT_BENCH_PEER_H

#include "problem.h"

/* Something that computes what a problem asks for. Most know the plain loss alone. */
struct bench_peer {
    char name[32];
    const void *context; /* of the implementation's own */

    /* What call and loss take; NULL if this peer cannot do this problem. A peer without a way to work in place does it out of
       place. */
    void *(*prepare)(const struct bench_peer *peer, const struct bench_problem *p);
    void (*call)(void *state, int copy);
    double (*value)(void *state); /* bench_value of the last call */
    void (*release)(void *state);

    /* NULL: bench_time with call. Negative: it failed, and is to be left out from now on. */
    double (*time)(void *state, const struct bench_problem *p, long calls);
};

double bench_peer_time(const struct bench_peer *peer, void *state, const struct bench_problem *p, long calls);

struct bench_arena;

/* Every peer of this build and machine: libxent once for each backend first. python: the one to ask for ONNX Runtime and, where
   the build has found no C++ interface, PyTorch. Returns how many, at most `limit`. */
int bench_peers_list(struct bench_peer *peers, int limit, const struct bench_arena *arena, const char *python);

/* libxent on one of its backends, which must be usable. */
void bench_peer_libxent(struct bench_peer *peer, const char *backend);

/* The same, called "own loss": whatever the workload is, its plain loss, in the same pass on the same memory. It cannot do the
   plain loss itself. */
void bench_peer_own_loss(struct bench_peer *peer, const char *backend);

/* Each fills in one entry and says whether there is such a peer here. */
bool bench_peer_plain_o2(struct bench_peer *peer);
bool bench_peer_plain_fast(struct bench_peer *peer);
bool bench_peer_onednn(struct bench_peer *peer);
bool bench_peer_xnnpack(struct bench_peer *peer);

#endif
