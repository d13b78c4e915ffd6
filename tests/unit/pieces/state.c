/* The tree of states against its definition written down recursively: a row whole, and in runs with any cuts, each of which is as few nodes
   as it can be. */
#include "rows/state.h"

#include <string.h>

#include "dispatch/select.h"
#include "support/backend.h"
#include "support/effort.h"
#include "support/expect.h"
#include "support/random.h"

enum { MOST_CHUNKS = 70, ROWS = 400 };

static struct xent_state chunks[MOST_CHUNKS];
static const struct xent_real_kernels *kernels;

/* Usual chunks; some of nothing but -inf, some far below the others, in some rows one with a NaN or +inf. */
static struct xent_state draw(int kind, struct random *r)
{
    struct xent_state s = { .max = 5 * random_normal(r), .rest = 4096 * random_uniform(r) };
    s.heat = s.rest * 3 * random_uniform(r);
    s.coef = random_uniform(r);
    s.gap = s.coef * 10 * random_uniform(r);
    s.coef_peak = s.coef / 64;
    if (random_chance(r, 6)) s.max -= 600;
    if (kind == 0 && random_chance(r, 2)) s = (struct xent_state){ .max = -(double)INFINITY };
    if (kind == 1 && random_chance(r, 20)) s = (struct xent_state){ .max = (double)INFINITY, .rest = (double)NAN };
    if (kind == 2 && random_chance(r, 20)) s = (struct xent_state){ .max = (double)INFINITY, .rest = (double)INFINITY };
    return s;
}

/* Node (level, index) over the chunks that exist; a node whose right half is empty is its left half. */
static struct xent_state by_definition(int level, int64_t index, int64_t count)
{
    struct xent_state left, right;
    if (level == 0) return chunks[index];
    left = by_definition(level - 1, 2 * index, count);
    if ((2 * index + 1) << (level - 1) >= count) return left;
    right = by_definition(level - 1, 2 * index + 1, count);
    kernels->merge(&left, &right);
    return left;
}

static void push_chunks(struct xent_tree *tree, int64_t from, int64_t to)
{
    xent_tree_begin(tree);
    for (int64_t i = from; i < to; i++) xent_tree_push(tree, kernels, &(struct xent_node){ 0, i, chunks[i] });
}

/* The nodes of a run, each made of its chunks alone, join those of the runs before it. */
static void push_run(struct xent_tree *whole, int64_t from, int64_t to, int64_t count)
{
    const struct xent_run run = { from, to - from, to == count };
    for (int64_t at = 0, n; at < run.count; at += n) {
        const int32_t level = xent_run_level(&run, at);
        struct xent_tree node;
        n = xent_run_chunks(&run, at, level);
        push_chunks(&node, from + at, from + at + n);
        xent_tree_push(whole, kernels, &(struct xent_node){ level, (from + at) >> level, xent_tree_total(&node, kernels) });
    }
}

static void expect_state(const struct xent_state *got, const struct xent_state *want, const char *what, int64_t count)
{
    if (memcmp(got, want, sizeof *got) != 0)
        fail_msg("%s of %d chunks: max %a rest %a, expected %a %a", what, (int)count, got->max, got->rest, want->max,
                 want->rest);
}

static void any_cut_gives_the_bits_of_the_whole(void **state)
{
    (void)state;
    for (int64_t n = 0; n < effort(ROWS); n++) {
        struct random r = random_stream(31, (uint64_t)n);
        int64_t count = 1 + random_below(&r, MOST_CHUNKS);
        int kind = (int)random_below(&r, 6);
        struct xent_tree whole, parts;
        struct xent_state want, got;
        kernels = (n % 2 == 0 ? xent_dispatch_find(xent_backend())->f32 : xent_dispatch_find(xent_backend())->f64)->real;
        for (int64_t i = 0; i < count; i++) chunks[i] = draw(kind, &r);
        want = by_definition(7, 0, count);
        push_chunks(&whole, 0, count);
        got = xent_tree_total(&whole, kernels);
        expect_state(&got, &want, "a row", count);
        xent_tree_begin(&parts);
        for (int64_t from = 0, to; from < count; from = to) {
            to = from + 1 + random_below(&r, count - from);
            push_run(&parts, from, to, count);
        }
        got = xent_tree_total(&parts, kernels);
        expect_state(&got, &want, "the parts", count);
    }
}

static void no_chunks_are_the_state_of_no_class(void **state)
{
    struct xent_tree tree;
    struct xent_state none;
    (void)state;
    xent_tree_begin(&tree);
    none = xent_tree_total(&tree, NULL);
    assert_true(none.max == -(double)INFINITY && none.rest == 0 && none.heat == 0 && none.coef == 0 && none.gap == 0 &&
                none.coef_peak == 0);
}

/* Levels of the nodes of a run, in their order, ended by -1. */
static void expect_levels(int64_t from, int64_t to, int64_t count, const int32_t *levels)
{
    const struct xent_run run = { from, to - from, to == count };
    int64_t at = 0;
    for (; at < run.count; levels++) {
        const int32_t level = xent_run_level(&run, at);
        assert_int_equal(level, *levels);
        at += xent_run_chunks(&run, at, level);
    }
    assert_int_equal(*levels, -1);
    assert_int_equal(at, run.count);
}

#define LEVELS(...)                                                                                                            \
    (const int32_t[]) { __VA_ARGS__, -1 }

static void runs_are_few_nodes(void **state)
{
    const int64_t most = INT64_C(1) << (XENT_TREE_LEVELS - 1);
    (void)state;
    expect_levels(0, 1, 1, LEVELS(0));
    expect_levels(0, 13, 13, LEVELS(4));
    expect_levels(0, 6, 13, LEVELS(2, 1));
    expect_levels(6, 13, 13, LEVELS(1, 3));
    expect_levels(9, 13, 13, LEVELS(0, 1, 0));
    expect_levels(9, 13, 14, LEVELS(0, 1, 0));
    expect_levels(8, 16, 17, LEVELS(3));
    expect_levels(12, 13, 13, LEVELS(0));
    expect_levels(0, most, most, LEVELS(XENT_TREE_LEVELS - 1));
    expect_levels(most / 2, most, most, LEVELS(XENT_TREE_LEVELS - 2));
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(any_cut_gives_the_bits_of_the_whole),
                                               cmocka_unit_test(no_chunks_are_the_state_of_no_class),
                                               cmocka_unit_test(runs_are_few_nodes) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
