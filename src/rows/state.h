/* The state of a run of classes of one row, and the tree in which runs merge: of chunks of a whole row, of tasks that share one, and of
 * processes that hold some of its classes each. */
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

/* The state of all that has been pushed: the row's, where that was the whole row. The tree is then used up. */
struct xent_state xent_tree_total(struct xent_tree *tree, const struct xent_real_kernels *kernels);

/* The same of `count` chunks that lie side by side, the first of which is the tree's chunk `index`. */
struct xent_state xent_tree_of_chunks(const struct xent_chunk *chunks, int64_t index, int64_t count,
                                      const struct xent_real_kernels *kernels);

/* Chunks of a row that lie side by side. */
struct xent_run {
    int64_t index, count; /* the tree's chunks [index, index + count) */
    bool ends;            /* the last of them is the row's */
};

/* The level of the largest node that begins `at` chunks behind the run's first one and lies in the run: in the fewest such nodes, which
   one after the other make up the run, its states can stand for its chunks in the row's tree. */
int32_t xent_run_level(const struct xent_run *run, int64_t at);

/* How many of its chunks that node has: 2^level, or what is left of the row. */
static inline int64_t xent_run_chunks(const struct xent_run *run, int64_t at, int32_t level)
{
    return run->count - at < INT64_C(1) << level ? run->count - at : INT64_C(1) << level;
}

/* Whether the first maximum of two runs, or their first NaN, is in the one behind. */
static inline bool xent_state_leads(const struct xent_state *behind, const struct xent_state *before)
{
    bool nan = behind->rest != behind->rest;
    if (nan || before->rest != before->rest) return nan && before->rest == before->rest;
    return behind->max > before->max;
}

/* The place of that class among all of `count` chunks, one at least. */
int64_t xent_chunks_argmax(const struct xent_chunk *chunks, int64_t count);

#endif
