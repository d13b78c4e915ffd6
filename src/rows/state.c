/* The tree of states, and its nodes as bytes. Merging itself is the kernels'. */
#include "rows/state.h"

#include <assert.h>
#include <string.h>

#include "kernels/numerics.h"

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

int32_t xent_tree_nodes(const struct xent_tree *tree, struct xent_node nodes[XENT_TREE_LEVELS])
{
    int64_t end = tree->end;
    for (int32_t i = tree->nodes - 1; i >= 0; i--) {
        int32_t level = tree->level[i];
        int64_t index = (end >> level) - 1;
        nodes[i] = (struct xent_node){ level, index, tree->state[i] };
        end = index << level;
    }
    return tree->nodes;
}

/* From the right: each node that is left merges with all behind it, which is the right half that its parent has, as far as there is one. */
struct xent_state xent_tree_total(struct xent_tree *tree, const struct xent_real_kernels *kernels)
{
    if (tree->nodes == 0) return xent_state_none();
    for (; tree->nodes > 1; tree->nodes--) kernels->merge(&tree->state[tree->nodes - 2], &tree->state[tree->nodes - 1]);
    return tree->state[0];
}

/* ---- Bytes: 64-bit words, the lowest byte first ------------------------------------------------------------------- */

enum { WORD_VERSION_AND_LEVEL, WORD_INDEX, WORD_STATE, WORDS = WORD_STATE + 6 };
_Static_assert(WORDS * sizeof(uint64_t) == XENT_NODE_BYTES, "a node is its words");
_Static_assert(sizeof(struct xent_state) == 6 * sizeof(uint64_t), "a state is six doubles");

void xent_node_write(const struct xent_node *node, unsigned char bytes[XENT_NODE_BYTES])
{
    uint64_t words[WORDS] = { (uint64_t)XENT_NUMERICS_VERSION << 32 | (uint32_t)node->level, (uint64_t)node->index };
    memcpy(words + WORD_STATE, &node->state, sizeof node->state);
    for (size_t i = 0; i < XENT_NODE_BYTES; i++) bytes[i] = (unsigned char)(words[i / 8] >> 8 * (i % 8));
}

bool xent_node_read(const unsigned char bytes[XENT_NODE_BYTES], struct xent_node *node)
{
    uint64_t words[WORDS] = { 0 }, level;
    for (size_t i = 0; i < XENT_NODE_BYTES; i++) words[i / 8] |= (uint64_t)bytes[i] << 8 * (i % 8);
    level = words[WORD_VERSION_AND_LEVEL] & 0xffffffff;
    if (words[WORD_VERSION_AND_LEVEL] >> 32 != XENT_NUMERICS_VERSION || level >= XENT_TREE_LEVELS) return false;
    if (words[WORD_INDEX] >= UINT64_C(1) << (XENT_TREE_LEVELS - 1 - level)) return false;
    node->level = (int32_t)level;
    node->index = (int64_t)words[WORD_INDEX];
    memcpy(&node->state, words + WORD_STATE, sizeof node->state);
    return true;
}
