#include "peers/peer.h"

#include <xent.h>

double bench_peer_time(const struct bench_peer *peer, void *state, const struct bench_problem *p, long calls)
{
    return peer->time != NULL ? peer->time(state, p, calls) : bench_time(p, peer->call, state, calls);
}

int bench_peers_list(struct bench_peer *peers, int limit)
{
    static bool (*const others[])(struct bench_peer *) = { bench_peer_plain_o2, bench_peer_plain_fast };
    int count = 0;
    for (const char *const *name = xent_backends(); *name != NULL && count < limit; name++)
        bench_peer_libxent(&peers[count++], *name);
    for (size_t k = 0; k < sizeof others / sizeof *others && count < limit; k++) count += others[k](&peers[count]);
    return count;
}
