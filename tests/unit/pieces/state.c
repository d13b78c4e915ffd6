/* The tree of states against its definition written down recursively: a row whole, in parts with any cuts, and in parts that have been
   bytes on the way; and what is no node's bytes. */
#include "rows/state.h"

#include <string.h>

#include "dispatch/select.h"
#include "kernels/numerics.h"
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

/* The nodes of a part, as they come out of a wire, join those of the parts before it. */
static void send_part(struct xent_tree *whole, int64_t from, int64_t to)
{
    struct xent_node nodes[XENT_TREE_LEVELS];
    struct xent_tree part;
    int32_t count;
    push_chunks(&part, from, to);
    count = xent_tree_nodes(&part, nodes);
    for (int32_t i = 0; i < count; i++) {
        unsigned char bytes[XENT_NODE_BYTES];
        struct xent_node received;
        xent_node_write(&nodes[i], bytes);
        assert_true(xent_node_read(bytes, &received));
        assert_int_equal(received.level, nodes[i].level);
        assert_int_equal(received.index, nodes[i].index);
        xent_tree_push(whole, kernels, &received);
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
            send_part(&parts, from, to);
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

/* The bytes of a node with a NaN, written down: they are the same on every machine. */
static void bytes_are_the_same_everywhere(void **state)
{
    static const unsigned char want[XENT_NODE_BYTES] = {
        3,    0,    0,    0, XENT_NUMERICS_VERSION,
        0,    0,    0,    5, 0,
        0,    0,    0,    0, 0,
        0, /* version and level, index */
        0,    0,    0,    0, 0,
        0,    0xf8, 0x3f, 0, 0,
        0,    0,    0,    0, 0xf8,
        0x7f, /* 1.5, NaN */
        0,    0,    0,    0, 0,
        0,    0xd0, 0x3f, /* 0.25 */
        0,    0,    0,    0, 0,
        0,    0xf0, 0xbf, 0, 0,
        0,    0,    0,    0, 0,
        0x80, /* -1, -0 */
        0,    0,    0,    0, 0,
        0,    0,    0x40 /* 2 */
    };
    const struct xent_node node = { 3, 5, { 1.5, (double)NAN, 0.25, -1, -0.0, 2 } };
    unsigned char bytes[XENT_NODE_BYTES];
    (void)state;
    xent_node_write(&node, bytes);
    assert_memory_equal(bytes, want, sizeof want);
}

/* Level, version and index lie at these bytes. */
enum { LEVEL_BYTE = 0, VERSION_BYTE = 4, HIGH_INDEX_BYTE = 15 };

static void expect_refused(size_t at, unsigned char value)
{
    const struct xent_node node = { 0, 7, { 1, 2, 3, 4, 5, 6 } };
    struct xent_node read = { .level = 99 };
    unsigned char bytes[XENT_NODE_BYTES];
    xent_node_write(&node, bytes);
    bytes[at] = value;
    assert_false(xent_node_read(bytes, &read));
    assert_int_equal(read.level, 99);
}

static void what_is_no_node_is_refused(void **state)
{
    (void)state;
    expect_refused(LEVEL_BYTE, XENT_TREE_LEVELS);
    expect_refused(VERSION_BYTE, XENT_NUMERICS_VERSION + 1);
    expect_refused(HIGH_INDEX_BYTE, 0x80);
    expect_refused(HIGH_INDEX_BYTE, 0x08);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(any_cut_gives_the_bits_of_the_whole),
                                               cmocka_unit_test(no_chunks_are_the_state_of_no_class),
                                               cmocka_unit_test(bytes_are_the_same_everywhere),
                                               cmocka_unit_test(what_is_no_node_is_refused) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
