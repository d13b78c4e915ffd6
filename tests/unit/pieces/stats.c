/* What statistics ask of the kernels: the heat beside a state that is the same to the bit as without, the count of the classes before a
   target, the first class that is no number; and all of it for rows side by side as for a row alone. */
#include "kernels/stats.h"

#include <math.h>
#include <string.h>

#include "dispatch/select.h"
#include "support/backend.h"
#include "support/effort.h"
#include "support/expect.h"
#include "support/half.h"
#include "support/random.h"

enum { DTYPES = 4, KINDS = 6, MOST_CLASSES = 200 };

static const xent_dtype dtypes[DTYPES] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
static const struct xent_kernels *backend;

static const struct xent_stored_kernels *kernels_of(int dtype)
{
    return dtype == 0 ? backend->f32 : dtype == 1 ? backend->f64 : dtype == 2 ? backend->f16 : backend->bf16;
}

/* A number as an element of z, and what it is there. */
static double put(int dtype, void *z, size_t c, double x)
{
    if (dtype == 0) return (double)(((float *)z)[c] = (float)x);
    if (dtype == 1) return ((double *)z)[c] = x;
    ((uint16_t *)z)[c] = half_encode(dtypes[dtype], x);
    return half_decode(dtypes[dtype], ((uint16_t *)z)[c]);
}

/* Ordinary rows, ties, masked classes, one class far ahead, large logits, one number for all. */
static double draw(int kind, size_t c, struct random *r)
{
    const double normal = 4 * random_normal(r);
    switch (kind) {
    case 1: return (double)random_below(r, 4);
    case 2: return random_chance(r, 3) ? -(double)INFINITY : normal;
    case 3: return c == 5 ? 120 : normal;
    case 4: return 5e4 + normal;
    case 5: return -1.5;
    default: return normal;
    }
}

static const size_t sizes[] = { 1, 2, 63, 64, 65, 1000, 1088, 4095, 4096 };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static double numbers[XENT_CHUNK];
static _Alignas(XENT_LINE) double elements[XENT_CHUNK];

static void fill(int dtype, int kind, size_t n)
{
    struct random r = random_stream(31, (uint64_t)dtype * 100000 + (uint64_t)kind * 10000 + n);
    for (size_t c = 0; c < n; c++) numbers[c] = put(dtype, elements, c, draw(kind, c, &r));
}

/* ---- A chunk ------------------------------------------------------------------------------------------------------ */

/* Every summand is 0 or more, so the plain sum in double will do as far as F32 goes, and nearly so for F64. */
static void expect_heat(int dtype, size_t n, const struct xent_chunk *chunk)
{
    const double within = dtype == 1 ? 2000 * 0x1p-53 : 2.5 * 0x1p-24;
    double heat = 0;
    for (size_t c = 0; c < n; c++) {
        const double d = chunk->state.max - numbers[c];
        if (d < 700) heat += exp(-d) * d;
    }
    if (!(fabs(chunk->state.heat - heat) <= within * heat + (double)n * 0x1p-182))
        fail_msg("dtype %d, %zu classes: heat %.17g, expected %.17g", (int)dtypes[dtype], n, chunk->state.heat, heat);
}

static void expect_states(int dtype, size_t n)
{
    const struct xent_stored_kernels *kernels = kernels_of(dtype);
    const double coef = 0.1 / 3;
    struct xent_chunk plain, heated;
    kernels->reduce(elements, n, NULL, &plain);
    memset(&heated, 0x55, sizeof heated);
    kernels->stats->reduce_with_heat(elements, n, NULL, &heated);
    expect_heat(dtype, n, &heated);
    assert_true(heated.first == plain.first && heated.unit == plain.unit);
    plain.state.heat = heated.state.heat;
    assert_memory_equal(&heated.state, &plain.state, sizeof plain.state);
    kernels->reduce_equal(elements, n, coef, NULL, &plain);
    kernels->stats->reduce_with_heat(elements, n, &coef, &heated);
    plain.state.heat = heated.state.heat;
    assert_memory_equal(&heated.state, &plain.state, sizeof plain.state);
}

static size_t before(size_t n, double target, size_t ahead)
{
    size_t count = 0;
    for (size_t c = 0; c < n; c++) count += numbers[c] > target || (numbers[c] == target && c < ahead);
    return count;
}

static void expect_counts(int dtype, size_t n)
{
    const struct xent_stored_kernels *kernels = kernels_of(dtype);
    const size_t places[] = { 0, 1, n / 3, n / 2, n - 1, n };
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 6; k++) {
            const double target = places[k] < n ? numbers[places[k]] : 0.25;
            const size_t ahead = places[i] <= n ? places[i] : n;
            assert_int_equal(kernels->stats->count_before(elements, n, target, ahead), before(n, target, ahead));
        }
}

static void heat_and_counts_of_a_chunk(void **state)
{
    (void)state;
    for (int dtype = 0; dtype < DTYPES; dtype++)
        for (int kind = 0; kind < KINDS; kind++)
            for (int size = 0; size < SIZES; size++) {
                fill(dtype, kind, sizes[size]);
                expect_states(dtype, sizes[size]);
                expect_counts(dtype, sizes[size]);
            }
}

/* Two runs of classes: one above the other by some, by much, by nothing, masked altogether, beyond the reach of a difference. */
static void heats_of_runs_merge(void **state)
{
    static const double lifts[] = { 0, 3, -3, 40, -40, 200, -200, 1e5, -1e5, -(double)INFINITY };
    enum { HALF = 1000 };
    (void)state;
    for (int dtype = 0; dtype < 2; dtype++)
        for (size_t i = 0; i < sizeof lifts / sizeof lifts[0]; i++) {
            const struct xent_stored_kernels *kernels = kernels_of(dtype);
            const char *second = (const char *)elements + HALF * (dtype == 0 ? sizeof(float) : sizeof(double));
            struct xent_chunk left, right, all;
            fill(dtype, 0, 2 * HALF);
            for (size_t c = HALF; c < 2 * HALF; c++) numbers[c] = put(dtype, elements, c, numbers[c] + lifts[i]);
            kernels->stats->reduce_with_heat(elements, HALF, NULL, &left);
            kernels->stats->reduce_with_heat(second, HALF, NULL, &right);
            all = left;
            kernels->real->merge(&all.state, &right.state);
            expect_heat(dtype, 2 * HALF, &all);
        }
}

static void a_difference_that_overflows_adds_no_heat(void **state)
{
    struct xent_state left = { .max = 1.5e308, .rest = 1, .heat = 2 }, right = { .max = -1.5e308, .rest = 3, .heat = 4 };
    (void)state;
    backend->f64->real->merge(&left, &right);
    assert_true(left.max == 1.5e308 && left.rest == 1 && left.heat == 2);
}

static void first_that_is_no_number(void **state)
{
    (void)state;
    for (int dtype = 0; dtype < DTYPES; dtype++) {
        const struct xent_stats_kernels *kernels = kernels_of(dtype)->stats;
        fill(dtype, 0, 100);
        assert_int_equal(kernels->first_special(elements, 100), 0);
        (void)put(dtype, elements, 70, (double)INFINITY);
        (void)put(dtype, elements, 90, (double)INFINITY);
        assert_int_equal(kernels->first_special(elements, 100), 70);
        (void)put(dtype, elements, 80, (double)NAN);
        (void)put(dtype, elements, 85, (double)NAN);
        assert_int_equal(kernels->first_special(elements, 100), 80);
        assert_int_equal(kernels->first_special(elements, 80), 70);
        (void)put(dtype, elements, 0, -(double)INFINITY);
        assert_int_equal(kernels->first_special(elements, 1), 0);
    }
}

/* ---- Rows side by side ---------------------------------------------------------------------------------------------- */

static _Alignas(XENT_LINE) double tile[XENT_TILE * MOST_CLASSES];
static double rows_of_tile[XENT_TILE][MOST_CLASSES];

static void fill_tile(int dtype, size_t rows, size_t classes, struct random *r)
{
    memset(tile, 0, sizeof tile);
    for (size_t row = 0; row < rows; row++) {
        const int kind = (int)random_below(r, KINDS);
        for (size_t c = 0; c < classes; c++) {
            const double x = put(dtype, rows_of_tile[row], c, draw(kind, c, r));
            (void)put(dtype, tile, c * XENT_TILE + row, x);
        }
    }
}

static void expect_tile(int dtype, size_t rows, size_t classes)
{
    static const struct xent_tile_ahead nothing = { .count = 0 };
    const struct xent_stored_kernels *kernels = kernels_of(dtype);
    const struct xent_real_kernels *real = kernels->real;
    struct xent_tile found = { .target = { 0 } };
    double heat[XENT_TILE], entropy[XENT_TILE];
    int32_t counts[XENT_TILE];
    for (size_t row = 0; row < rows; row++) found.target[row] = (int32_t)((row * 7 + classes / 2) % classes);
    real->stats->count_before(tile, rows, classes, found.target, counts);
    real->tile_maxima(tile, rows, classes, &found);
    real->stats->terms_with_heat(tile, rows, classes, false, &nothing, &found, heat);
    real->log1p(found.rest, found.log1p_rest, rows);
    real->stats->entropies(&found, rows, heat, entropy);
    for (size_t row = 0; row < rows; row++) {
        const size_t y = (size_t)found.target[row];
        const double target = dtype == 0 ? (double)((float *)rows_of_tile[row])[y] : rows_of_tile[row][y];
        struct xent_chunk alone;
        assert_int_equal(counts[row], kernels->stats->count_before(rows_of_tile[row], classes, target, y));
        if (!found.regular[row]) continue;
        kernels->stats->reduce_with_heat(rows_of_tile[row], classes, NULL, &alone);
        assert_memory_equal(&found.rest[row], &alone.state.rest, sizeof(double));
        assert_memory_equal(&heat[row], &alone.state.heat, sizeof(double));
        assert_true(entropy[row] == found.log1p_rest[row] + heat[row] / (1 + found.rest[row]));
    }
}

static void rows_side_by_side_as_alone(void **state)
{
    (void)state;
    for (int64_t i = 0; i < effort(300); i++) {
        struct random r = random_stream(32, (uint64_t)i);
        const int dtype = (int)(i % 2);
        const size_t rows = 1 + (size_t)random_below(&r, XENT_TILE), classes = 1 + (size_t)random_below(&r, MOST_CLASSES);
        fill_tile(dtype, rows, classes, &r);
        expect_tile(dtype, rows, classes);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(heat_and_counts_of_a_chunk),
        cmocka_unit_test(heats_of_runs_merge),
        cmocka_unit_test(a_difference_that_overflows_adds_no_heat),
        cmocka_unit_test(first_that_is_no_number),
        cmocka_unit_test(rows_side_by_side_as_alone),
    };
    require_backend();
    backend = xent_dispatch_find(xent_backend());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
