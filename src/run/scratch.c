#include "run/scratch.h"

#include <stdlib.h>

#include "args/errors.h"

#define LINE XENT_SCRATCH_LINE

static void need_shared(struct xent_scratch *scratch, size_t *member, size_t bytes)
{
    *member = scratch->per_shared;
    scratch->per_shared += xent_scratch_padded(bytes);
}

void xent_scratch_need_terms(struct xent_scratch *scratch, const struct xent_parallel *parallel,
                             const struct xent_row_shape *shape, size_t rows)
{
    if (parallel->rows > parallel->shared) xent_scratch_need(scratch, &scratch->terms, rows * xent_scratch_terms(shape));
    if (parallel->shared > 0) need_shared(scratch, &scratch->shared_terms, xent_scratch_terms(shape));
}

void xent_scratch_need_chunks(struct xent_scratch *scratch, const struct xent_parallel *parallel,
                              const struct xent_row_shape *shape, size_t rows)
{
    size_t chunks = rows * (size_t)xent_chunk_count(shape->classes);
    if (parallel->rows > parallel->shared) xent_scratch_need(scratch, &scratch->chunks, chunks * sizeof(struct xent_chunk));
}

void xent_scratch_need_record(struct xent_scratch *scratch, const struct xent_parallel *parallel, size_t bytes)
{
    if (parallel->shared == 0) return;
    need_shared(scratch, &scratch->record, bytes);
    need_shared(scratch, &scratch->shared_chunks, (size_t)parallel->chunks * sizeof(struct xent_chunk));
}

xent_status xent_scratch_allocate(struct xent_scratch *scratch, const struct xent_parallel *parallel)
{
    size_t tasks = (size_t)parallel->tasks, sums = tasks > 1 ? xent_scratch_padded(sizeof(struct xent_sum)) : 0;
    size_t task = scratch->per_task, row = scratch->per_shared, bytes;
    char *memory = scratch->local;
    scratch->allocated = NULL;
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

static void *part(char *memory, size_t begin) { return begin == XENT_SCRATCH_NONE ? NULL : memory + begin; }

struct xent_row_scratch xent_scratch_of(const struct xent_scratch *scratch, int64_t task)
{
    char *memory = scratch->tasks + scratch->per_task * (size_t)task;
    struct xent_row_scratch row;
    row.logits = part(memory, scratch->logits);
    row.upstream = part(memory, scratch->upstream);
    row.prepared = part(memory, scratch->prepared);
    row.coef = part(memory, scratch->coef);
    row.terms = part(memory, scratch->terms);
    row.chunks = part(memory, scratch->chunks);
    row.tile = part(memory, scratch->tile);
    return row;
}

void *xent_scratch_record(const struct xent_scratch *scratch, int64_t shared)
{
    return scratch->shared + scratch->per_shared * (size_t)shared + scratch->record;
}

struct xent_row_scratch xent_scratch_shared(const struct xent_scratch *scratch, int64_t task, int64_t shared)
{
    struct xent_row_scratch row = xent_scratch_of(scratch, task);
    char *memory = scratch->shared + scratch->per_shared * (size_t)shared;
    row.terms = part(memory, scratch->shared_terms);
    row.chunks = part(memory, scratch->shared_chunks);
    return row;
}

void xent_scratch_free(struct xent_scratch *scratch)
{
    if (scratch->allocated != NULL) free(scratch->allocated);
}
