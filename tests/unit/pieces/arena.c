/* Working memory: parts lie behind each other in whole cache lines, small memory is the caller's own, and sizes that overflow are an
   error and no wrapped number. */
#define _DEFAULT_SOURCE /* madvise in strict C11 */
#include "run/arena.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "support/expect.h"

static void parts_take_whole_lines(void **state)
{
    size_t size = 0;
    (void)state;
    assert_int_equal(xent_arena_need(&size, 1), 0);
    assert_int_equal(xent_arena_need(&size, XENT_LINE), XENT_LINE);
    assert_int_equal(xent_arena_need(&size, 0), 2 * XENT_LINE);
    assert_int_equal(xent_arena_need(&size, XENT_LINE + 1), 2 * XENT_LINE);
    assert_int_equal(size, 4 * XENT_LINE);
}

static void small_memory_is_the_callers(void **state)
{
    struct xent_arena_local local;
    struct xent_arena arena;
    (void)state;
    xent_arena_init(&arena, XENT_LINE);
    assert_int_equal(xent_arena_reserve(&arena, XENT_ARENA_LOCAL - XENT_LINE, 1), XENT_LINE);
    expect_ok(xent_arena_allocate(&arena, &local));
    assert_ptr_equal(arena.memory, local.bytes);
    xent_arena_free(&arena);
}

static void more_is_allocated_in_one_piece(void **state)
{
    struct xent_arena_local local;
    struct xent_arena arena;
    (void)state;
    xent_arena_init(&arena, 0);
    (void)xent_arena_reserve(&arena, XENT_ARENA_LOCAL, 3);
    assert_int_equal(xent_arena_reserve(&arena, XENT_LINE, 1), 3 * XENT_ARENA_LOCAL);
    expect_ok(xent_arena_allocate(&arena, &local));
    assert_ptr_not_equal(arena.memory, local.bytes);
    assert_int_equal((uintptr_t)arena.memory % XENT_LINE, 0);
    arena.memory[3 * XENT_ARENA_LOCAL + XENT_LINE - 1] = 1;
    xent_arena_free(&arena);
}

static void expect_too_much(struct xent_arena *arena)
{
    struct xent_arena_local local;
    expect_error(xent_arena_allocate(arena, &local), XENT_ERROR_NO_MEMORY,
                 "the working memory of this call exceeds what can be addressed");
}

static void sizes_saturate(void **state)
{
    struct xent_arena arena;
    size_t size = 0;
    (void)state;
    (void)xent_arena_need(&size, SIZE_MAX - 10);
    assert_int_equal(size, SIZE_MAX);
    (void)xent_arena_need(&size, XENT_LINE);
    assert_int_equal(size, SIZE_MAX);
    xent_arena_init(&arena, size);
    expect_too_much(&arena);
    xent_arena_init(&arena, 0);
    (void)xent_arena_reserve(&arena, SIZE_MAX / 2, 3);
    (void)xent_arena_reserve(&arena, XENT_LINE, 1);
    expect_too_much(&arena);
    xent_arena_init(&arena, SIZE_MAX - XENT_LINE);
    (void)xent_arena_reserve(&arena, 1, 1);
    expect_too_much(&arena);
}

#if defined(__linux__) && defined(MADV_HUGEPAGE)

/* Whether the kernel says so of the mapping that this byte is in. */
static bool may_be_in_huge_pages(const char *byte)
{
    const unsigned long long at = (uintptr_t)byte;
    FILE *file = fopen("/proc/self/smaps", "r");
    bool inside = false, huge = false;
    char line[512];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned long long from, to;
        if (sscanf(line, "%llx-%llx ", &from, &to) == 2) inside = from <= at && at < to;
        if (inside && strncmp(line, "VmFlags:", 8) == 0) huge = strstr(line, " hg") != NULL;
    }
    if (file != NULL) fclose(file);
    return huge;
}

static bool huge_pages_can_be_seen(void)
{
    const size_t bytes = (size_t)4 << 20;
    char *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return false;
    const bool seen = madvise(mapped, bytes, MADV_HUGEPAGE) == 0 && may_be_in_huge_pages(mapped + bytes / 2);
    (void)munmap(mapped, bytes);
    return seen;
}

/* Memory of the size of a block of logits; what is smaller stays as malloc has it. */
static void large_memory_may_be_in_huge_pages(void **state)
{
    (void)state;
    if (!huge_pages_can_be_seen()) skip();
    for (size_t bytes = (size_t)16 << 20; bytes <= (size_t)64 << 20; bytes *= 2) {
        struct xent_arena arena;
        xent_arena_init(&arena, bytes);
        errno = 77;
        expect_ok(xent_arena_allocate_large(&arena));
        assert_int_equal(errno, 77);
        assert_int_equal(may_be_in_huge_pages(arena.memory + bytes / 2), bytes >= (size_t)32 << 20);
        arena.memory[0] = arena.memory[bytes - 1] = 1;
        xent_arena_free(&arena);
    }
}

#else

static void large_memory_may_be_in_huge_pages(void **state)
{
    (void)state;
    skip();
}

#endif

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(parts_take_whole_lines),
                                               cmocka_unit_test(small_memory_is_the_callers),
                                               cmocka_unit_test(more_is_allocated_in_one_piece),
                                               cmocka_unit_test(sizes_saturate),
                                               cmocka_unit_test(large_memory_may_be_in_huge_pages) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
