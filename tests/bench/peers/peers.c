#include "peers/peer.h"

#include <xent.h>

#include "data.h"
#include "peers/child.h"

/* In this process. The build defines what it has found. */
static bool (*const others[])(struct bench_peer *) = {
    bench_peer_plain_o2,
    bench_peer_plain_fast,
#ifdef BENCH_ONEDNN
    bench_peer_onednn,
#endif
#ifdef BENCH_XNNPACK
    bench_peer_xnnpack,
#endif
};

/* Of the settings tried the best and the steadiest for tensors of tens of megabytes: huge pages, and jemalloc that keeps what
   was freed. The C library's malloc gives it back to the system, to be zeroed and mapped once more for the next tensor; told
   to keep it, it fragments. */
static const char *const allocator[] = { "THP_MEM_ALLOC_ENABLE=1",
#ifdef BENCH_JEMALLOC
                                         "LD_PRELOAD=" BENCH_JEMALLOC, "MALLOC_CONF=dirty_decay_ms:-1,muzzy_decay_ms:-1",
#endif
                                         NULL };

double bench_peer_time(const struct bench_peer *peer, void *state, const struct bench_problem *p, long calls)
{
    return peer->time != NULL ? peer->time(state, p, calls) : bench_time(p, peer->call, state, calls);
}

static int children(struct bench_peer *peers, int limit, const struct bench_arena *arena, const char *python)
{
    int count = 0;
    const char *const onnxruntime[] = { python, BENCH_PEER_SCRIPT, "onnxruntime", NULL };
#ifdef BENCH_TORCH
    const char *const torch[] = { BENCH_TORCH, NULL };
    (void)python;
#else
    const char *const torch[] = { python, BENCH_PEER_SCRIPT, "torch", NULL };
#endif
    if (count < limit) count += bench_child_start(&peers[count], "PyTorch", arena, torch, allocator);
    if (count < limit) count += bench_child_start(&peers[count], "ONNX Runtime", arena, onnxruntime, allocator);
    return count;
}

int bench_peers_list(struct bench_peer *peers, int limit, const struct bench_arena *arena, const char *python)
{
    int count = 0;
    for (const char *const *name = xent_backends(); *name != NULL && count < limit; name++)
        bench_peer_libxent(&peers[count++], *name);
    for (size_t k = 0; k < sizeof others / sizeof *others && count < limit; k++) count += others[k](&peers[count]);
    return count + children(peers + count, limit - count, arena, python);
}
