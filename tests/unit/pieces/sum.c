/* The canonical sum over rows, against its definition written down recursively, whole and in pieces. */
#include "rows/sum.h"

#include <math.h>
#include <string.h>

#include "dispatch/select.h"
#include "support/backend.h"
#include "support/expect.h"
#include "support/random.h"

#define MOST 5000

static double values[MOST];
static const struct xent_kernels *kernels;

static struct xent_pair join_pairs(struct xent_pair a, struct xent_pair b)
{
    double sum = a.hi + b.hi, back = sum - a.hi, error = (a.hi - (sum - back)) + (b.hi - back);
    return (struct xent_pair){ sum, (a.lo + b.lo) + error };
}

/* Node (level, index) over the leaves of 64 rows that exist; a node whose right half is empty is its left half. */
static struct xent_pair node(int level, int64_t index, int64_t rows)
{
    int64_t first = (index << level) * XENT_LEAF_ROWS, middle = ((2 * index + 1) << level) / 2 * XENT_LEAF_ROWS;
    if (level == 0) {
        struct xent_pair leaf = { 0, 0 };
        for (int64_t row = first; row < rows && row < first + XENT_LEAF_ROWS; row++) {
            double sum = leaf.hi + values[row], back = sum - leaf.hi;
            leaf.lo += (leaf.hi - (sum - back)) + (values[row] - back);
            leaf.hi = sum;
        }
        return leaf;
    }
    if (middle >= rows) return node(level - 1, 2 * index, rows);
    return join_pairs(node(level - 1, 2 * index, rows), node(level - 1, 2 * index + 1, rows));
}

static double by_definition(int64_t rows)
{
    struct xent_pair total = node(8, 0, rows);
    double value = total.hi + total.lo;
    return (value == value ? value : total.hi) + 0.0;
}

static void fill(uint64_t tag, int kind)
{
    struct random random = random_stream(7, tag);
    for (int i = 0; i < MOST; i++) {
        values[i] = random_normal(&random) * (random_chance(&random, 3) ? 1e17 : 1);
        if (kind == 1 && i == 1234) values[i] = (double)INFINITY;
        if (kind == 2) values[i] = -0.0;
    }
}

/* Some at a time. */
static void sum_of(int64_t from, int64_t to, struct random *random, struct xent_sum *sum)
{
    xent_sum_begin(sum, kernels, from);
    for (int64_t row = from, n; row < to; row += n) {
        n = random_below(random, 3) == 0 ? 1 : 1 + random_below(random, random_chance(random, 2) ? 70 : 1200);
        if (n > to - row) n = to - row;
        xent_sum_rows(sum, values + row, (size_t)n);
    }
}

static void expect_same(double want, double got, int64_t rows)
{
    if (memcmp(&want, &got, sizeof want) != 0) fail_msg("%lld rows: %a, expected %a", (long long)rows, got, want);
}

static void whole(void **state)
{
    struct random random = random_stream(7, 98);
    struct xent_sum sum;
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        fill((uint64_t)kind, kind);
        for (int64_t rows = 0; rows <= MOST; rows += rows < 200 ? 1 : 37) {
            sum_of(0, rows, &random, &sum);
            expect_same(by_definition(rows), xent_sum_total(&sum), rows);
        }
    }
}

/* Any cut into runs, those inside one leaf and those without rows too. */
static void in_pieces(void **state)
{
    struct random random = random_stream(7, 99);
    struct xent_sum sum, piece;
    (void)state;
    fill(3, 0);
    for (int round = 0; round < 3000; round++) {
        int64_t rows = random_below(&random, round % 2 ? MOST : 300), at = 0;
        xent_sum_begin(&sum, kernels, 0);
        while (at < rows) {
            int64_t to = at + random_below(&random, random_chance(&random, 2) ? 80 : 1500);
            to = to < rows ? to : rows;
            sum_of(at, to, &random, &piece);
            xent_sum_join(&sum, &piece);
            at = to;
        }
        expect_same(by_definition(rows), xent_sum_total(&sum), rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(whole), cmocka_unit_test(in_pieces) };
    require_backend();
    kernels = xent_dispatch_find(xent_backend());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
