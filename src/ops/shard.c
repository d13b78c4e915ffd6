/* Cutting the classes of a row, and what a shard's states stand for. */
#include "ops/shard.h"

#include "args/check.h"
#include "args/element.h"
#include "rows/chunk.h"

struct xent_run xent_shard_run(const xent_shard *shard)
{
    int64_t count = xent_chunk_count(shard->classes);
    if (!xent_shard_is_aligned(shard)) return (struct xent_run){ 0, count, true };
    return (struct xent_run){ shard->first / XENT_CHUNK, count, shard->first + shard->classes == shard->of };
}

struct xent_classes xent_shard_classes(const xent_shard *shard, int64_t at, int64_t count)
{
    bool last = at + count >= xent_chunk_count(shard->classes);
    int64_t to = last ? shard->classes : (at + count) * XENT_CHUNK;
    return (struct xent_classes){ shard->first + at * XENT_CHUNK, shard->first + to };
}

static xent_status check_dtype(const char *prefix, int32_t dtype)
{
    if (xent_element_is_floating((xent_dtype)dtype)) return XENT_OK;
    return xent_fail(XENT_ERROR_DTYPE, "%sdtype is %d, expected a floating xent_dtype", prefix, (int)dtype);
}

static xent_status check_extent(const char *prefix, const char *field, int64_t value, int64_t least, int64_t most)
{
    if (value >= least && value <= most) return XENT_OK;
    return xent_fail(XENT_ERROR_SHAPE, "%s%s is %lld, expected %lld to %lld", prefix, field, (long long)value, (long long)least,
                     (long long)most);
}

xent_status xent_shard_check(const char *prefix, const xent_shard *shard)
{
    if (shard->reserved != 0)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "%sreserved is %d, expected 0", prefix, (int)shard->reserved);
    XENT_TRY(check_dtype(prefix, shard->dtype));
    XENT_TRY(check_extent(prefix, "of", shard->of, 1, INT64_MAX));
    XENT_TRY(check_extent(prefix, "first", shard->first, 0, shard->of));
    return check_extent(prefix, "classes", shard->classes, 0, shard->of - shard->first);
}

bool xent_shard_is_valid(const xent_shard *shard)
{
    return shard->reserved == 0 && xent_element_is_floating((xent_dtype)shard->dtype) && shard->of >= 1 && shard->first >= 0 &&
           shard->first <= shard->of && shard->classes >= 0 && shard->classes <= shard->of - shard->first;
}

xent_status xent_shard_check_classes(const xent_shard *shard, const char *name, const struct xent_tensor *tensor, int32_t axis)
{
    if (tensor->shape[axis] == shard->classes) return XENT_OK;
    return xent_fail(XENT_ERROR_SHAPE, "%s has %lld classes along axis %d, expected %lld, shard->classes", name,
                     (long long)tensor->shape[axis], (int)axis, (long long)shard->classes);
}

/* The first chunk of part `part`: floor(part * chunks / parts), of numbers whose product may overflow. */
static int64_t first_chunk(int64_t chunks, int64_t parts, int64_t part)
{
    return part * (chunks / parts) + part * (chunks % parts) / parts;
}

xent_status xent_shard_make(int64_t of, xent_dtype dtype, int32_t parts, int32_t part, xent_shard *shard)
{
    int64_t chunks = xent_chunk_count(of), filled, first, end;
    XENT_TRY(xent_check_not_null("shard", shard));
    if (parts < 1) return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "parts is %d, expected at least 1", (int)parts);
    if (part < 0 || part >= parts)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "part is %d, expected 0 to %d", (int)part, (int)parts - 1);
    XENT_TRY(check_dtype("", (int32_t)dtype));
    XENT_TRY(check_extent("", "of", of, 1, INT64_MAX));
    filled = parts < chunks ? parts : chunks;
    first = part < filled ? first_chunk(chunks, filled, part) * XENT_CHUNK : of;
    end = part + 1 < filled ? first_chunk(chunks, filled, part + 1) * XENT_CHUNK : of;
    *shard = (xent_shard){ .first = first, .classes = end - first, .of = of, .dtype = (int32_t)dtype };
    return XENT_OK;
}

int64_t xent_shard_states(const xent_shard *shard)
{
    struct xent_run run = xent_shard_run(shard);
    int64_t states = 0;
    for (int64_t at = 0; at < run.count; at += xent_run_chunks(&run, at, xent_run_level(&run, at))) states++;
    return states;
}
