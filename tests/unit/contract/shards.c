/* Where xent_shard_cut cuts, and how many states a row has in a shard. */
#include <string.h>

#include "support/expect.h"

enum { CHUNK = 4096 };

static void expect_cut(int64_t of, int32_t parts, int32_t part, int64_t first, int64_t count, int64_t per_row)
{
    xent_shard s;
    memset(&s, 0xA5, sizeof s);
    expect_ok(xent_shard_cut(of, XENT_BF16, parts, part, &s));
    assert_int_equal(s.first, first);
    assert_int_equal(s.classes, count);
    assert_int_equal(s.of, of);
    assert_int_equal(s.dtype, XENT_BF16);
    assert_int_equal(s.reserved, 0);
    assert_int_equal(xent_partials_per_row(&s), per_row);
}

static void test_cuts(void **state)
{
    (void)state;
    expect_cut(1, 1, 0, 0, 1, 1);
    expect_cut(100, 3, 0, 0, 100, 1);
    expect_cut(100, 3, 1, 100, 0, 0);
    expect_cut(100, 3, 2, 100, 0, 0);
    expect_cut(50257, 2, 0, 0, 6 * CHUNK, 2);
    expect_cut(50257, 2, 1, 6 * CHUNK, 50257 - 6 * CHUNK, 2);
    expect_cut(128256, 8, 7, 28 * CHUNK, 128256 - 28 * CHUNK, 1);
    expect_cut(151936, 2, 1, 19 * CHUNK, 151936 - 19 * CHUNK, 4);
    expect_cut(32000, 16, 8, 32000, 0, 0);
    expect_cut(INT64_MAX, INT32_MAX, INT32_MAX - 1, INT64_C(9223372032559804416), INT64_C(4294971391), 2);
}

/* The states of a row in all parts: the table of docs/architecture.md. */
static void test_states_of_a_row(void **state)
{
    static const struct {
        int64_t of;
        int64_t states[4]; /* in 2, 4, 8, 16 parts */
    } rows[] = { { 32000, { 2, 4, 8, 8 } },
                 { 50257, { 4, 9, 11, 13 } },
                 { 128256, { 2, 4, 8, 16 } },
                 { 151936, { 7, 12, 19, 27 } },
                 { 262144, { 2, 4, 8, 16 } } };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int k = 0; k < 4; k++) {
            int64_t count = 0, end = 0;
            for (int32_t part = 0; part < 2 << k; part++) {
                xent_shard s;
                expect_ok(xent_shard_cut(rows[i].of, XENT_F32, 2 << k, part, &s));
                assert_int_equal(s.first, end);
                end += s.classes;
                count += xent_partials_per_row(&s);
            }
            assert_int_equal(end, rows[i].of);
            assert_int_equal(count, rows[i].states[k]);
        }
}

static void test_states_of_any_shard(void **state)
{
    static const xent_shard bad[] = { { -1, 5, 10, XENT_F32, 0 }, { 0, -1, 10, XENT_F32, 0 },
                                      { 6, 5, 10, XENT_F32, 0 },  { 11, 0, 10, XENT_F32, 0 },
                                      { 0, 0, 0, XENT_F32, 0 },   { 1, INT64_MAX, INT64_MAX, XENT_F32, 0 },
                                      { 0, 5, 10, XENT_I64, 0 },  { 0, 5, 10, 5, 0 },
                                      { 0, 5, 10, XENT_F32, 1 } };
    const xent_shard unaligned = { 100, 9 * CHUNK, 20 * CHUNK, XENT_F32, 0 },
                     late = { CHUNK, 5 * CHUNK + 1, 20 * CHUNK, XENT_F32, 0 };
    const xent_shard nothing = { 5, 0, 10, XENT_F32, 0 }, most = { 0, INT64_MAX, INT64_MAX, XENT_F32, 0 };
    (void)state;
    assert_int_equal(xent_partials_per_row(NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_int_equal(xent_partials_per_row(&bad[i]), 0);
    assert_int_equal(xent_partials_per_row(&unaligned), 1);
    assert_int_equal(xent_partials_per_row(&late), 1);
    assert_int_equal(xent_partials_per_row(&nothing), 0);
    assert_int_equal(xent_partials_per_row(&most), 1);
}

/* Rows whose states no memory can hold: those that are merged, or those of a part, which has two of each row. */
static void test_states_beyond_memory(void **state)
{
    static const xent_partial none;
    const xent_partial *const partials[] = { &none, &none };
    xent_shard halves[2];
    xent_partial whole;
    (void)state;
    for (int i = 0; i < 2; i++) expect_ok(xent_shard_cut(6 * CHUNK, XENT_F32, 2, i, &halves[i]));
    assert_int_equal(xent_partials_per_row(&halves[0]), 2);
    expect_error_naming(xent_partial_merge(2, halves, partials, PTRDIFF_MAX, &whole), XENT_ERROR_OVERFLOW,
                        "whole: ", " rows of 1 states exceed ");
    expect_error_naming(xent_partial_merge(2, halves, partials, PTRDIFF_MAX / (int64_t)sizeof whole, &whole),
                        XENT_ERROR_OVERFLOW, "partials[0]: ", " rows of 2 states exceed ");
}

static void test_refused_cuts(void **state)
{
    xent_shard s = { 1, 2, 3, 4, 5 };
    const xent_shard before = s;
    (void)state;
    expect_error(xent_shard_cut(10, XENT_F32, 0, 0, &s), XENT_ERROR_INVALID_ARGUMENT, "parts is 0, expected at least 1");
    expect_error(xent_shard_cut(10, XENT_F32, 3, 3, &s), XENT_ERROR_INVALID_ARGUMENT, "part is 3, expected 0 to 2");
    expect_error(xent_shard_cut(10, XENT_F32, 3, -1, &s), XENT_ERROR_INVALID_ARGUMENT, "part is -1, expected 0 to 2");
    expect_error(xent_shard_cut(-5, XENT_F32, 3, 0, &s), XENT_ERROR_SHAPE, "of is -5, expected 1 to 9223372036854775807");
    expect_error(xent_shard_cut(10, XENT_U8, 3, 0, &s), XENT_ERROR_DTYPE, "dtype is 20, expected a floating xent_dtype");
    assert_memory_equal(&s, &before, sizeof s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_states_of_a_row),
        cmocka_unit_test(test_states_of_any_shard),
        cmocka_unit_test(test_states_beyond_memory),
        cmocka_unit_test(test_refused_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
