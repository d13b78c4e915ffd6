#include "core/sum.h"

void xent_sum_begin(struct xent_sum *sum, int64_t first_row)
{
    sum->row = first_row;
    sum->first_leaf = (first_row + XENT_LEAF_ROWS - 1) / XENT_LEAF_ROWS * XENT_LEAF_ROWS;
    sum->heads = 0;
    sum->nodes = 0;
    sum->leaf = (struct xent_pair){ 0, 0 };
}

/* *a += b by TwoSum; the error is returned */
static double add_two(double *a, double b)
{
    double sum = *a + b, back = sum - *a, error = (*a - (sum - back)) + (b - back);
    *a = sum;
    return error;
}

static void merge(struct xent_pair *left, const struct xent_pair *right)
{
    double lo = left->lo + right->lo;
    left->lo = lo + add_two(&left->hi, right->hi);
}

static void push_node(struct xent_sum *sum, int32_t level, int64_t index, struct xent_pair pair)
{
    sum->node[sum->nodes++] = (struct xent_sum_node){ index, level, pair };
    while (sum->nodes >= 2) {
        struct xent_sum_node *right = &sum->node[sum->nodes - 1], *left = right - 1;
        if (left->level != right->level || left->index % 2 != 0) return;
        merge(&left->pair, &right->pair);
        left->level++;
        left->index /= 2;
        sum->nodes--;
    }
}

void xent_sum_row(struct xent_sum *sum, double value)
{
    if (sum->row < sum->first_leaf) {
        sum->head[sum->heads++] = value;
        sum->row++;
        return;
    }
    sum->leaf.lo += add_two(&sum->leaf.hi, value);
    if (++sum->row % XENT_LEAF_ROWS != 0) return;
    push_node(sum, 0, sum->row / XENT_LEAF_ROWS - 1, sum->leaf);
    sum->leaf = (struct xent_pair){ 0, 0 };
}

void xent_sum_join(struct xent_sum *sum, const struct xent_sum *next)
{
    int64_t rows = next->row - sum->row;
    for (int32_t i = 0; i < next->heads; i++) xent_sum_row(sum, next->head[i]);
    if (rows == next->heads) return;
    for (int32_t i = 0; i < next->nodes; i++) push_node(sum, next->node[i].level, next->node[i].index, next->node[i].pair);
    sum->leaf = next->leaf;
    sum->row = next->row;
}

double xent_sum_total(struct xent_sum *sum)
{
    struct xent_pair total = sum->leaf;
    double value;
    int32_t left = sum->nodes;
    if (sum->row % XENT_LEAF_ROWS == 0 && left > 0) total = sum->node[--left].pair;
    while (left > 0) {
        struct xent_pair pair = sum->node[--left].pair;
        merge(&pair, &total);
        total = pair;
    }
    value = total.hi + total.lo;
    return (value == value ? value : total.hi) + 0.0;
}
