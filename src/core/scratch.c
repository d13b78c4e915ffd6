#include "core/scratch.h"

#include <stdlib.h>

#include "core/errors.h"

#define LINE 64 /* no two tasks write to one cache line */

static size_t padded(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

static size_t task_size(const struct xent_scratch *scratch)
{
    return padded(scratch->logits) + padded(scratch->upstream) + padded(scratch->prepared) + padded(scratch->coef) +
           padded(scratch->terms) + padded(scratch->chunks) + padded(scratch->tile);
}

xent_status xent_scratch_allocate(struct xent_scratch *scratch, int64_t tasks)
{
    size_t sums = tasks > 1 ? padded(sizeof(struct xent_sum)) : 0, bytes;
    char *memory = scratch->local;
    scratch->allocated = NULL;
    scratch->per_task = task_size(scratch);
    if (__builtin_mul_overflow(scratch->per_task + sums, (size_t)tasks, &bytes) || bytes > SIZE_MAX - LINE)
        return xent_fail(XENT_ERROR_NO_MEMORY,
                         "%zu bytes of working memory for each of %lld threads exceed what can be addressed",
                         scratch->per_task + sums, (long long)tasks);
    if (bytes > XENT_SCRATCH_LOCAL) {
        scratch->allocated = malloc(bytes + LINE);
        if (scratch->allocated == NULL)
            return xent_fail(XENT_ERROR_NO_MEMORY, "%zu bytes of working memory could not be allocated", bytes + LINE);
        memory = (char *)scratch->allocated + (LINE - (uintptr_t)scratch->allocated % LINE) % LINE;
    }
    scratch->tasks = memory;
    scratch->sums = tasks > 1 ? (struct xent_sum *)(void *)(memory + scratch->per_task * (size_t)tasks) : NULL;
    return XENT_OK;
}

static void *part(char **at, size_t bytes)
{
    void *start = bytes == 0 ? NULL : *at;
    *at += padded(bytes);
    return start;
}

struct xent_row_scratch xent_scratch_of(const struct xent_scratch *scratch, int64_t task)
{
    char *at = scratch->tasks + scratch->per_task * (size_t)task;
    struct xent_row_scratch row;
    row.logits = part(&at, scratch->logits);
    row.upstream = part(&at, scratch->upstream);
    row.prepared = part(&at, scratch->prepared);
    row.coef = part(&at, scratch->coef);
    row.terms = part(&at, scratch->terms);
    row.chunks = part(&at, scratch->chunks);
    row.tile = part(&at, scratch->tile);
    return row;
}

void xent_scratch_free(struct xent_scratch *scratch) { free(scratch->allocated); }
