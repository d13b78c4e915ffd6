/* Working memory of a call: planned for all threads, allocated in one piece before the first write. Small calls use the stack. */
#ifndef XENT_CORE_SCRATCH_H
#define XENT_CORE_SCRATCH_H

#include <stdalign.h>

#include "core/row.h"
#include "core/sum.h"

#define XENT_SCRATCH_LOCAL 4096

struct xent_scratch {
    size_t logits, upstream, prepared, coef, terms, chunks, tile; /* bytes per task; 0: no need */
    size_t per_task;                                              /* all of them */
    struct xent_sum *sums;                                        /* one per task; NULL for a single task */
    char *tasks;                                                  /* the tasks' parts, one behind the other */
    void *allocated;                                              /* NULL: in `local` */
    alignas(64) char local[XENT_SCRATCH_LOCAL];
};

/* No need of any part. */
static inline void xent_scratch_none(struct xent_scratch *scratch)
{
    scratch->logits = scratch->upstream = scratch->prepared = scratch->coef = scratch->terms = scratch->chunks = scratch->tile =
        0;
}

xent_status xent_scratch_allocate(struct xent_scratch *scratch, int64_t tasks);
struct xent_row_scratch xent_scratch_of(const struct xent_scratch *scratch, int64_t task);
void xent_scratch_free(struct xent_scratch *scratch);

#endif
