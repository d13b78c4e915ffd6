/* The classes that one of several holders of a row has: where they stand in the row's tree of chunks. */
#ifndef XENT_OPS_SHARD_H
#define XENT_OPS_SHARD_H

#include "args/tensor.h"
#include "rows/state.h"
#include "xent.h"

/* Whether it has all of its chunks whole, as the row's tree counts them, so that what it makes of them are nodes of that tree. An empty one
   makes nothing. */
static inline bool xent_shard_is_aligned(const xent_shard *shard)
{
    int64_t end = shard->first + shard->classes;
    return shard->classes == 0 || (shard->first % XENT_CHUNK == 0 && (end % XENT_CHUNK == 0 || end == shard->of));
}

/* Its chunks; those of a shard that is not aligned are a row of their own. */
struct xent_run xent_shard_run(const xent_shard *shard);

/* The classes that `count` of its chunks have, from the one `at` behind its first on. */
struct xent_classes {
    int64_t from, to;
};
struct xent_classes xent_shard_classes(const xent_shard *shard, int64_t at, int64_t count);

/* A shard whose struct is at `prefix` ("shard->"): reserved, dtype, extents. */
xent_status xent_shard_check(const char *prefix, const xent_shard *shard);
bool xent_shard_is_valid(const xent_shard *shard);

/* The tensor `name` has the shard's classes along its axis. */
xent_status xent_shard_check_classes(const xent_shard *shard, const char *name, const struct xent_tensor *tensor, int32_t axis);

xent_status xent_shard_make(int64_t of, xent_dtype dtype, int32_t parts, int32_t part, xent_shard *shard);
int64_t xent_shard_states(const xent_shard *shard);

#endif
