/* Working memory: parts lie behind each other in whole cache lines, small memory is the caller's own, and sizes that overflow are an
   error and no wrapped number. */
#include "run/arena.h"

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

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(parts_take_whole_lines),
                                               cmocka_unit_test(small_memory_is_the_callers),
                                               cmocka_unit_test(more_is_allocated_in_one_piece),
                                               cmocka_unit_test(sizes_saturate) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
