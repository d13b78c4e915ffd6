/* Working memory of a call: planned for all threads, allocated in one piece before the first write. Small calls use the stack. */
#ifndef XENT_CORE_SCRATCH_H
#define XENT_CORE_SCRATCH_H

#include <stdalign.h>

#include "core/parallel.h"
#include "core/sum.h"

#define XENT_SCRATCH_LOCAL 4096

struct xent_scratch {
    size_t logits, upstream, prepared, coef, terms, chunks, tile; /* bytes per task; 0: no need */
    size_t record;                      /* bytes per shared row, for what is known of it between the passes */
    size_t shared_terms, shared_chunks; /* the same for its parts; they follow from the others */
    size_t per_task;                    /* all that is per task */
    struct xent_sum *sums;              /* one per task, and one for the shared rows; NULL for a single task */
    char *tasks;                        /* the tasks' parts, one behind the other */
    char *shared;                       /* those of the shared rows */
    void *allocated;                    /* NULL: in `local` */
    alignas(64) char local[XENT_SCRATCH_LOCAL];
};

/* No need of any part. */
static inline void xent_scratch_none(struct xent_scratch *scratch)
{
    scratch->logits = scratch->upstream = scratch->prepared = scratch->coef = scratch->terms = scratch->chunks =
        scratch->record = scratch->tile = 0;
}

/* What the tasks need for whole rows is left out where there are none, and added for each shared row. */
xent_status xent_scratch_allocate(struct xent_scratch *scratch, const struct xent_parallel *parallel);
struct xent_row_scratch xent_scratch_of(const struct xent_scratch *scratch, int64_t task);
/* A task's, but for what belongs to the shared row. */
struct xent_row_scratch xent_scratch_shared(const struct xent_scratch *scratch, int64_t task, int64_t shared);
void *xent_scratch_record(const struct xent_scratch *scratch, int64_t shared);
void xent_scratch_free(struct xent_scratch *scratch);

#endif
