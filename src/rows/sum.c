/* The canonical sum: leaves of 64 rows, then a tree of pairs. Its order is numerics (numerics.md). */
#include "rows/sum.h"

#include "kernels/two_sum.h"

static void merge(struct xent_pair *left, const struct xent_pair *right)
{
    left->lo += right->lo;
    add_two(&left->hi, &left->lo, right->hi);
}

/* Node (level, index) covers the leaves [index 2^level, (index + 1) 2^level). The one before it ends where it begins. */
static void push_node(struct xent_sum *sum, uint8_t level, int64_t index, struct xent_pair pair)
{
    for (; sum->nodes > 0 && sum->level[sum->nodes - 1] == level && index % 2 != 0; index /= 2, level++) {
        struct xent_pair left = sum->node[--sum->nodes];
        merge(&left, &pair);
        pair = left;
    }
    sum->node[sum->nodes] = pair;
    sum->level[sum->nodes++] = level;
}

/* To the open leaf, which has room for them. */
static inline void add_to_leaf(struct xent_sum *sum, const double *values, size_t n)
{
    struct xent_pair leaf = sum->leaf;
    for (size_t i = 0; i < n; i++) add_two(&leaf.hi, &leaf.lo, values[i]);
    sum->leaf = leaf;
    sum->row += (int64_t)n;
}

static inline size_t room_of(const struct xent_sum *sum) { return XENT_LEAF_ROWS - (size_t)(sum->row & (XENT_LEAF_ROWS - 1)); }

/* Values that come before the first leaf, or fill the open one. */
static __attribute__((noinline)) void add_over_leaves(struct xent_sum *sum, const double *values, size_t n)
{
    size_t i = 0, room;
    for (; i < n && sum->row < sum->first_leaf; i++, sum->row++) sum->head[sum->heads++] = values[i];
    for (; i < n && n - i >= (room = room_of(sum)); i += room) {
        add_to_leaf(sum, values + i, room);
        push_node(sum, 0, sum->row / XENT_LEAF_ROWS - 1, sum->leaf);
        sum->leaf = (struct xent_pair){ 0, 0 };
    }
    add_to_leaf(sum, values + i, n - i);
}

void xent_sum_rows(struct xent_sum *sum, const double *values, size_t n)
{
    if (sum->row < sum->first_leaf || n >= room_of(sum))
        add_over_leaves(sum, values, n);
    else
        add_to_leaf(sum, values, n);
}

void xent_sum_row(struct xent_sum *sum, double value) { xent_sum_rows(sum, &value, 1); }

void xent_sum_join(struct xent_sum *sum, const struct xent_sum *next)
{
    int64_t rows = next->row - sum->row, leaf = next->first_leaf / XENT_LEAF_ROWS;
    for (int32_t i = 0; i < next->heads; i++) xent_sum_row(sum, next->head[i]);
    if (rows == next->heads) return;
    for (int32_t i = 0; i < next->nodes; i++) {
        push_node(sum, next->level[i], leaf >> next->level[i], next->node[i]);
        leaf += (int64_t)1 << next->level[i];
    }
    sum->leaf = next->leaf;
    sum->row = next->row;
}

double xent_sum_total(struct xent_sum *sum)
{
    struct xent_pair total = sum->leaf;
    double value;
    int32_t left = sum->nodes;
    if (sum->row % XENT_LEAF_ROWS == 0 && left > 0) total = sum->node[--left];
    while (left > 0) {
        struct xent_pair pair = sum->node[--left];
        merge(&pair, &total);
        total = pair;
    }
    value = total.hi + total.lo;
    return (value == value ? value : total.hi) + 0.0;
}
