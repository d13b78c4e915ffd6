/* The canonical sum: leaves of 64 rows, then a tree of pairs. Its order is numerics (numerics.md). */
#include "rows/sum.h"

#include <string.h>

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

/* Of one leaf, which is not worth a kernel. */
static struct xent_pair leaf_of(const double *values, size_t n)
{
    struct xent_pair leaf = { 0, 0 };
    for (size_t i = 0; i < n; i++) add_two(&leaf.hi, &leaf.lo, values[i]);
    return leaf;
}

/* The first of the values, so many leaves; what is left of them stays. */
static void push_leaves(struct xent_sum *sum, size_t leaves)
{
    double hi[XENT_LEAVES], lo[XENT_LEAVES];
    size_t rows = leaves * XENT_LEAF_ROWS, left = sum->values > rows ? sum->values - rows : 0;
    int64_t first = (sum->row - (int64_t)sum->values) / XENT_LEAF_ROWS;
    if (leaves == 0) return;
    sum->kernels->sum_leaves(sum->value, leaves, hi, lo);
    for (size_t i = 0; i < leaves; i++) push_node(sum, 0, first + (int64_t)i, (struct xent_pair){ hi[i], lo[i] });
    memcpy(sum->value, sum->value + rows, left * sizeof sum->value[0]);
    sum->values = left;
}

void xent_sum_push_leaves(struct xent_sum *sum) { push_leaves(sum, sum->values / XENT_LEAF_ROWS); }

/* The open leaf too, with zeros: these change neither a sum, which is never -0.0, nor its error. */
static void push_all(struct xent_sum *sum)
{
    size_t leaves = (sum->values + XENT_LEAF_ROWS - 1) / XENT_LEAF_ROWS;
    memset(sum->value + sum->values, 0, (leaves * XENT_LEAF_ROWS - sum->values) * sizeof sum->value[0]);
    push_leaves(sum, leaves);
}

void xent_sum_rows(struct xent_sum *sum, const double *values, size_t n)
{
    while (n > 0) {
        size_t room;
        double *place = xent_sum_place(sum, &room);
        if (room > n) room = n;
        memcpy(place, values, room * sizeof values[0]);
        xent_sum_placed(sum, room);
        values += room;
        n -= room;
    }
}

void xent_sum_join(struct xent_sum *sum, struct xent_sum *next)
{
    int64_t rows = next->row - sum->row, leaf = next->first_leaf / XENT_LEAF_ROWS;
    xent_sum_rows(sum, next->head, (size_t)next->heads);
    if (rows == next->heads) return;
    xent_sum_push_leaves(sum); /* which ends with a whole one */
    xent_sum_push_leaves(next);
    for (int32_t i = 0; i < next->nodes; i++) {
        push_node(sum, next->level[i], leaf >> next->level[i], next->node[i]);
        leaf += (int64_t)1 << next->level[i];
    }
    memcpy(sum->value, next->value, next->values * sizeof next->value[0]);
    sum->values = next->values;
    sum->row = next->row;
}

/* The last leaf, which may be an open one, merges like any other. */
double xent_sum_total(struct xent_sum *sum)
{
    struct xent_pair total;
    double value;
    int32_t left;
    if (sum->values > XENT_LEAF_ROWS) push_all(sum);
    total = leaf_of(sum->value, sum->values);
    left = sum->nodes;
    if (sum->values == 0 && left > 0) total = sum->node[--left];
    while (left > 0) {
        struct xent_pair pair = sum->node[--left];
        merge(&pair, &total);
        total = pair;
    }
    value = total.hi + total.lo;
    return (value == value ? value : total.hi) + 0.0;
}
