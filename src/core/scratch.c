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

static size_t shared_size(const struct xent_scratch *scratch)
{
    return padded(scratch->record) + padded(scratch->shared_terms) + padded(scratch->shared_chunks);
}

/* Bytes for a shared row. */
static size_t plan_shared(struct xent_scratch *scratch, const struct xent_parallel *parallel)
{
    scratch->shared_terms = scratch->terms;
    scratch->shared_chunks = scratch->record > 0 ? (size_t)parallel->chunks * sizeof(struct xent_chunk) : 0;
    if (parallel->rows == parallel->shared) scratch->terms = scratch->chunks = 0;
    return shared_size(scratch);
}

xent_status xent_scratch_allocate(struct xent_scratch *scratch, const struct xent_parallel *parallel)
{
    size_t tasks = (size_t)parallel->tasks, sums = tasks > 1 ? padded(sizeof(struct xent_sum)) : 0;
    size_t row = parallel->shared > 0 ? plan_shared(scratch, parallel) : 0, task = task_size(scratch), bytes;
    char *memory = scratch->local;
    scratch->allocated = NULL;
    scratch->per_task = task;
    if (__builtin_mul_overflow(task + sums + row, tasks, &bytes) || bytes > SIZE_MAX - sums - LINE)
        return xent_fail(XENT_ERROR_NO_MEMORY,
                         "%zu bytes of working memory for each of %zu threads exceed what can be addressed", task + sums + row,
                         tasks);
    bytes = task * tasks + row * (size_t)parallel->shared + sums * (tasks + 1);
    if (bytes > XENT_SCRATCH_LOCAL) {
        scratch->allocated = malloc(bytes + LINE);
        if (scratch->allocated == NULL)
            return xent_fail(XENT_ERROR_NO_MEMORY, "%zu bytes of working memory could not be allocated", bytes + LINE);
        memory = (char *)scratch->allocated + (LINE - (uintptr_t)scratch->allocated % LINE) % LINE;
    }
    scratch->tasks = memory;
    scratch->shared = memory + task * tasks;
    memory = scratch->shared + row * (size_t)parallel->shared;
    scratch->sums = tasks > 1 ? (struct xent_sum *)(void *)memory : NULL;
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

void *xent_scratch_record(const struct xent_scratch *scratch, int64_t shared)
{
    return scratch->shared + shared_size(scratch) * (size_t)shared;
}

struct xent_row_scratch xent_scratch_shared(const struct xent_scratch *scratch, int64_t task, int64_t shared)
{
    struct xent_row_scratch row = xent_scratch_of(scratch, task);
    char *at = xent_scratch_record(scratch, shared);
    (void)part(&at, scratch->record);
    row.terms = part(&at, scratch->shared_terms);
    row.chunks = part(&at, scratch->shared_chunks);
    return row;
}

void xent_scratch_free(struct xent_scratch *scratch) { free(scratch->allocated); }
