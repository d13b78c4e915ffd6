/* Working memory of a call: every need is told before anything is allocated, as an offset; then all of it is taken in one piece, from
 * the caller's stack where it is small, so that nothing fails after the first write. */
#ifndef XENT_RUN_ARENA_H
#define XENT_RUN_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "kernels/kernels.h"
#include "xent.h"

#define XENT_ARENA_LOCAL (8192 + 1024) /* a tile of 32 classes of F32, and what a row of it that goes alone needs */
#define XENT_NOWHERE SIZE_MAX          /* the offset of what is not needed */

/* Memory of a call that needs no more: a variable of its own beside the call's structs, so that nothing clears it. */
struct xent_arena_local {
    _Alignas(XENT_LINE) char bytes[XENT_ARENA_LOCAL];
};

/* Whole cache lines: no two tasks write to one, and every part is aligned for vectors. SIZE_MAX where that overflows, which no
   allocation can serve. */
static inline size_t xent_arena_padded(size_t bytes)
{
    return bytes > SIZE_MAX - XENT_LINE ? SIZE_MAX : (bytes + XENT_LINE - 1) / XENT_LINE * XENT_LINE;
}

/* Where `bytes` more begin in a part that has grown to *size so far. */
static inline size_t xent_arena_need(size_t *size, size_t bytes)
{
    size_t offset = *size;
    if (__builtin_add_overflow(offset, xent_arena_padded(bytes), size)) *size = SIZE_MAX;
    return offset;
}

/* NULL for XENT_NOWHERE. */
static inline void *xent_arena_at(char *part, size_t offset) { return offset == XENT_NOWHERE ? NULL : part + offset; }

struct xent_arena {
    size_t bytes;    /* SIZE_MAX: more than can be addressed */
    char *memory;    /* aligned to a cache line */
    void *allocated; /* NULL: on the stack */
};

/* Begins with so many bytes reserved, at offset 0. */
static inline void xent_arena_init(struct xent_arena *arena, size_t bytes) { arena->bytes = bytes; }

/* Where `count` parts of so many bytes each begin, one behind the other. */
size_t xent_arena_reserve(struct xent_arena *arena, size_t bytes, int64_t count);

/* XENT_ERROR_NO_MEMORY with its message, or memory for all that has been reserved; it is not cleared. `large`: never from the stack. */
xent_status xent_arena_allocate_large(struct xent_arena *arena);
static inline xent_status xent_arena_allocate(struct xent_arena *arena, struct xent_arena_local *local)
{
    arena->allocated = NULL;
    arena->memory = local->bytes;
    return arena->bytes <= sizeof local->bytes ? XENT_OK : xent_arena_allocate_large(arena);
}

static inline void xent_arena_free(struct xent_arena *arena)
{
    if (arena->allocated != NULL) free(arena->allocated);
}

#endif
