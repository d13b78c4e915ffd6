/* The state of a run of classes of one row, and the tree in which runs merge. Works on chunks of a whole row
 * and of tasks that share one. Nodes can also be bytes, for parts of a row that are computed elsewhere; nothing in the library sends
 * them yet, tests/unit/pieces/state.c alone does. */
#ifndef XENT_ROWS_STATE_H
#define XENT_ROWS_STATE_H

#include <math.h>
#include <stdbool.h>

#include "kernels/kernels.h"

/* Of no class at all. */
static inline struct xent_state xent_state_none(void) { return (struct xent_state){ .max = -(double)INFINITY }; }

/* Whether the row has a loss and probabilities: it holds no NaN and no +inf, and something else than -inf. */
static inline bool xent_state_is_finite(const struct xent_state *state)
{
    return state->max - state->max == 0 && state->rest - state->rest == 0;
}

/* A node of the tree over the index of the row's chunks: the chunks [index 2^level, (index + 1) 2^level) that exist. This tree is
   numerics: a node merges its two halves, the left operand first; one whose right half is empty is its left half. So a run of chunks
   that is a node has the same state wherever and by whomever it is computed. */
struct xent_node {
    int32_t level; /* 0: a chunk */
    int64_t index;
    struct xent_state state;
};

#define XENT_TREE_LEVELS 52 /* 0 to 51, of the tree over the 2^51 chunks of 2^63 classes */

/* Nodes that lie side by side, from the first chunk pushed to the last, siblings always merged. A run that begins at chunk 0 has at
   most one of each level; one that begins within a larger node two, one on the way up and one on the way down, so it may have 2^25
   chunks. Trees stand on a caller's stack. */
struct xent_tree {
    int32_t nodes;
    int64_t end; /* the chunk behind the last node */
    uint8_t level[XENT_TREE_LEVELS];
    struct xent_state state[XENT_TREE_LEVELS];
};

static inline void xent_tree_begin(struct xent_tree *tree) { tree->nodes = 0; }

/* Adds the node that begins where the last one ended; the first one may begin anywhere. kernels: of the row's `real`. */
void xent_tree_push(struct xent_tree *tree, const struct xent_real_kernels *kernels, const struct xent_node *node);

/* The nodes themselves, in their order: what a part of a row sends to whoever merges the parts. Answers how many there are. */
int32_t xent_tree_nodes(const struct xent_tree *tree, struct xent_node nodes[XENT_TREE_LEVELS]);

/* The state of all that has been pushed: the row's, where that was the whole row. The tree is then used up. */
struct xent_state xent_tree_total(struct xent_tree *tree, const struct xent_real_kernels *kernels);

/* A node as bytes, the same on every machine, and back. Reading answers false, and leaves *node, where the bytes are of another
   version of the arithmetic or of no node. */
#define XENT_NODE_BYTES 64
void xent_node_write(const struct xent_node *node, unsigned char bytes[XENT_NODE_BYTES]);
bool xent_node_read(const unsigned char bytes[XENT_NODE_BYTES], struct xent_node *node);

#endif
