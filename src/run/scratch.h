/* Working memory of a call: planned for all threads, allocated in one piece before the first write. Small calls use the stack. */
#ifndef XENT_RUN_SCRATCH_H
#define XENT_RUN_SCRATCH_H

#include <stdalign.h>

#include "run/parallel.h"
#include "rows/sum.h"

#define XENT_SCRATCH_LINE 64             /* no two tasks write to one cache line */
#define XENT_SCRATCH_LOCAL (8192 + 1024) /* a tile of 64 classes of F32, and what a row of it that goes alone needs */
#define XENT_SCRATCH_NONE SIZE_MAX

struct xent_scratch {
    size_t logits, upstream, prepared, coef, terms, chunks,
        tile;                           /* where they begin in a task's part; XENT_SCRATCH_NONE: nowhere */
    size_t record;                      /* the same in a shared row's, for what is known of it between the passes */
    size_t shared_terms, shared_chunks; /* in place of a task's */
    size_t per_task, per_shared;        /* bytes of the parts */
    struct xent_sum *sums;              /* one per task, and one for the shared rows; NULL for a single task */
    char *tasks;                        /* the tasks' parts, one behind the other */
    char *shared;                       /* those of the shared rows */
    void *allocated;                    /* NULL: in `local` */
    alignas(XENT_SCRATCH_LINE) char local[XENT_SCRATCH_LOCAL];
};

static inline size_t xent_scratch_padded(size_t bytes)
{
    return (bytes + XENT_SCRATCH_LINE - 1) / XENT_SCRATCH_LINE * XENT_SCRATCH_LINE;
}

/* Bytes from a row's terms to the next's. */
static inline size_t xent_scratch_terms(const struct xent_row_shape *shape)
{
    return xent_scratch_padded((size_t)shape->classes * shape->real_size);
}

/* A plan begins with no need of anything ... */
static inline void xent_scratch_none(struct xent_scratch *scratch)
{
    scratch->logits = scratch->upstream = scratch->prepared = scratch->coef = scratch->terms = scratch->chunks = scratch->tile =
        scratch->record = scratch->shared_terms = scratch->shared_chunks = XENT_SCRATCH_NONE;
    scratch->per_task = scratch->per_shared = 0;
}

/* ... and adds what each task needs, one of the members above, ... */
static inline void xent_scratch_need(struct xent_scratch *scratch, size_t *member, size_t bytes)
{
    *member = scratch->per_task;
    scratch->per_task += xent_scratch_padded(bytes);
}

/* ... the terms and chunks of so many rows, which a row that tasks share has for itself, ... */
void xent_scratch_need_terms(struct xent_scratch *scratch, const struct xent_parallel *parallel,
                             const struct xent_row_shape *shape, size_t rows);
void xent_scratch_need_chunks(struct xent_scratch *scratch, const struct xent_parallel *parallel,
                              const struct xent_row_shape *shape, size_t rows);
/* ... and the record of a shared row; its chunks are merged, so they are needed whatever the operation writes. */
void xent_scratch_need_record(struct xent_scratch *scratch, const struct xent_parallel *parallel, size_t bytes);

xent_status xent_scratch_allocate(struct xent_scratch *scratch, const struct xent_parallel *parallel);
struct xent_row_scratch xent_scratch_of(const struct xent_scratch *scratch, int64_t task);
/* A task's, with the terms and chunks of one of the rows that they were planned for. */
static inline struct xent_row_scratch xent_scratch_of_row(const struct xent_row_scratch *task,
                                                          const struct xent_row_shape *shape, size_t row)
{
    struct xent_row_scratch own = *task;
    if (own.terms != NULL) own.terms = (char *)own.terms + row * xent_scratch_terms(shape);
    if (own.chunks != NULL) own.chunks += row * (size_t)xent_chunk_count(shape->classes);
    return own;
}
/* A task's, but for what belongs to the shared row. */
struct xent_row_scratch xent_scratch_shared(const struct xent_scratch *scratch, int64_t task, int64_t shared);
void *xent_scratch_record(const struct xent_scratch *scratch, int64_t shared);
void xent_scratch_free(struct xent_scratch *scratch);

#endif
