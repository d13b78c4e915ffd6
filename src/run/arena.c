/* Reserving and allocating; sizes saturate, so that an overflow anywhere ends as memory that cannot be had. */
#define _DEFAULT_SOURCE /* madvise in strict C11 */
#include "run/arena.h"

#ifdef __linux__
#include <errno.h>
#include <sys/mman.h>
#endif

#include "args/errors.h"

size_t xent_arena_reserve(struct xent_arena *arena, size_t bytes, int64_t count)
{
    size_t offset = arena->bytes, all;
    if (__builtin_mul_overflow(bytes, (size_t)count, &all) || __builtin_add_overflow(offset, all, &arena->bytes))
        arena->bytes = SIZE_MAX;
    return offset;
}

#if defined(__linux__) && defined(MADV_HUGEPAGE)

/* From here on malloc does not reuse memory but has it mapped for each call. Its first touch then takes a fault for every page, as long in
   all as some passes over it, unless pages may have 2 MiB. Where they may not nothing is lost, errno included. */
#define ALWAYS_MAPPED ((size_t)32 << 20)
#define PAGE ((size_t)64 << 10) /* a multiple of every page's size that is in use */

static void advise(const struct xent_arena *arena)
{
    char *memory = arena->allocated;
    const size_t skipped = (PAGE - (uintptr_t)memory % PAGE) % PAGE;
    const int before = errno;
    if (arena->bytes < ALWAYS_MAPPED) return;
    (void)madvise(memory + skipped, (arena->bytes - skipped) / PAGE * PAGE, MADV_HUGEPAGE);
    errno = before;
}

#else

static void advise(const struct xent_arena *arena) { (void)arena; }

#endif

xent_status xent_arena_allocate_large(struct xent_arena *arena)
{
    if (arena->bytes > SIZE_MAX - XENT_LINE)
        return xent_fail(XENT_ERROR_NO_MEMORY, "the working memory of this call exceeds what can be addressed");
    arena->allocated = malloc(arena->bytes + XENT_LINE);
    if (arena->allocated == NULL)
        return xent_fail(XENT_ERROR_NO_MEMORY, "%zu bytes of working memory could not be allocated", arena->bytes + XENT_LINE);
    advise(arena);
    arena->memory = (char *)arena->allocated + (XENT_LINE - (uintptr_t)arena->allocated % XENT_LINE) % XENT_LINE;
    return XENT_OK;
}
