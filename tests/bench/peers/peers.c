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

/* Of the settings tried the best for tensors of tens of megabytes: freed memory is kept, not given back to the system to be zeroed
   and mapped once more for the next tensor. */
static const char *const keep_memory[] = { "MALLOC_MMAP_MAX_=0", "MALLOC_TRIM_THRESHOLD_=17179869184",
                                           "MALLOC_TOP_PAD_=268435456", NULL };

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
    if (count < limit) count += bench_child_start(&peers[count], "PyTorch", arena, torch, keep_memory);
    if (count < limit) count += bench_child_start(&peers[count], "ONNX Runtime", arena, onnxruntime, keep_memory);
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
