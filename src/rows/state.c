/* The tree of states. Merging itself is the kernels'. */
#include "rows/state.h"

#include <assert.h>

void xent_tree_push(struct xent_tree *tree, const struct xent_real_kernels *kernels, const struct xent_node *node)
{
    struct xent_state *top = &tree->state[tree->nodes];
    int64_t index = node->index;
    uint8_t level = (uint8_t)node->level;
    assert(tree->nodes < XENT_TREE_LEVELS);
    assert(tree->nodes == 0 || index << level == tree->end);
    tree->end = (index + 1) << level;
    *top = node->state;
    for (; index % 2 != 0 && tree->nodes > 0 && tree->level[tree->nodes - 1] == level;
         index /= 2, level++, tree->nodes--, top--)
        kernels->merge(top - 1, top);
    tree->level[tree->nodes++] = level;
}

/* From the right: each node that is left merges with all behind it, which is the right half that its parent has, as far as there is one. */
struct xent_state xent_tree_total(struct xent_tree *tree, const struct xent_real_kernels *kernels)
{
    if (tree->nodes == 0) return xent_state_none();
    for (; tree->nodes > 1; tree->nodes--) kernels->merge(&tree->state[tree->nodes - 2], &tree->state[tree->nodes - 1]);
    return tree->state[0];
}

struct xent_state xent_tree_of_chunks(const struct xent_chunk *chunks, int64_t index, int64_t count,
                                      const struct xent_real_kernels *kernels)
{
    struct xent_tree tree;
    xent_tree_begin(&tree);
    for (int64_t i = 0; i < count; i++) xent_tree_push(&tree, kernels, &(struct xent_node){ 0, index + i, chunks[i].state });
    return xent_tree_total(&tree, kernels);
}

int32_t xent_run_level(const struct xent_run *run, int64_t at)
{
    int64_t left = run->count - at, most = run->ends ? left - 1 : left / 2;
    int32_t level = 0;
    while (((run->index + at) >> level) % 2 == 0 && INT64_C(1) << level <= most) level++;
    return level;
}

int64_t xent_chunks_argmax(const struct xent_chunk *chunks, int64_t count)
{
    int64_t leader = 0;
    for (int64_t i = 1; i < count; i++)
        if (xent_state_leads(&chunks[i].state, &chunks[leader].state)) leader = i;
    return leader * XENT_CHUNK + (int64_t)chunks[leader].first;
}
