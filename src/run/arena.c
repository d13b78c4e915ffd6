/* Reserving and allocating; sizes saturate, so that an overflow anywhere ends as memory that cannot be had. */
#include "run/arena.h"

#include "args/errors.h"

size_t xent_arena_reserve(struct xent_arena *arena, size_t bytes, int64_t count)
{
    size_t offset = arena->bytes, all;
    if (__builtin_mul_overflow(bytes, (size_t)count, &all) || __builtin_add_overflow(offset, all, &arena->bytes))
        arena->bytes = SIZE_MAX;
    return offset;
}

xent_status xent_arena_allocate_large(struct xent_arena *arena)
{
    if (arena->bytes > SIZE_MAX - XENT_LINE)
        return xent_fail(XENT_ERROR_NO_MEMORY, "the working memory of this call exceeds what can be addressed");
    arena->allocated = malloc(arena->bytes + XENT_LINE);
    if (arena->allocated == NULL)
        return xent_fail(XENT_ERROR_NO_MEMORY, "%zu bytes of working memory could not be allocated", arena->bytes + XENT_LINE);
    arena->memory = (char *)arena->allocated + (XENT_LINE - (uintptr_t)arena->allocated % XENT_LINE) % XENT_LINE;
    return XENT_OK;
}
