/* Statistics of each row: loss, lse, max, argmax, entropy, rank, whichever are wanted, from one first pass. */
#ifndef XENT_OPS_STATS_H
#define XENT_OPS_STATS_H

#include "ops/loss.h"

/* What may be wanted of a row, in the order of xent_stats. */
enum xent_stats_member {
    XENT_STATS_LOSS,
    XENT_STATS_LSE,
    XENT_STATS_MAX,
    XENT_STATS_ARGMAX,
    XENT_STATS_ENTROPY,
    XENT_STATS_RANK,
    XENT_STATS_MEMBERS
};
_Static_assert(XENT_STATS_MEMBERS <= XENT_WALK_OPERANDS, "a walk has room for all outputs");

struct xent_row_stats {
    /* Logits, target, options, and what a loss makes of a row: its steps are called with this. It has no output of its own. */
    struct xent_loss loss;
    const xent_stats *given;

    /* from the checks */
    struct xent_tensor *out[XENT_STATS_MEMBERS]; /* NULL: not wanted */
    struct xent_walk outputs;                    /* over their rows, which come in the order of the loss's walk */

    /* the plan */
    struct xent_extra extra;
    size_t tile_extra; /* in a task's memory: struct xent_stats_tile */
};

/* Of the rows of a tile, beside struct xent_tile. */
struct xent_stats_tile {
    double heat[XENT_TILE];
    int32_t before[XENT_TILE];
};

/* What has been found of rows that follow each other. */
struct xent_stats_found {
    double loss[XENT_TILE], lse[XENT_TILE], max[XENT_TILE], entropy[XENT_TILE];
    int64_t argmax[XENT_TILE], rank[XENT_TILE];
};

/* Checks all arguments in the order of xent.h. */
xent_status xent_stats_check(void *call);

/* Its parts: takes the members out of the caller's struct; once the options have been read, dtypes and shapes, outputs and overlap, values.
   A target may be left out where nothing that is wanted depends on it. */
xent_status xent_stats_read(struct xent_row_stats *stats);
xent_status xent_stats_check_shapes(struct xent_row_stats *stats);
xent_status xent_stats_check_outputs(const struct xent_row_stats *stats);
xent_status xent_stats_check_values(struct xent_row_stats *stats);

/* Row `i`: all but the loss; `before` is its rank unless it holds a NaN. An ignored row. */
void xent_stats_find(const struct xent_state *state, double log1p_rest, int64_t argmax, int64_t before,
                     struct xent_stats_found *found, size_t i);
void xent_stats_find_ignored(struct xent_stats_found *found, size_t i);

/* Writes what is wanted of `rows` rows from `number` on. */
void xent_stats_deliver(const struct xent_row_stats *stats, int64_t number, size_t rows, const struct xent_stats_found *found);

static inline struct xent_buffers xent_stats_buffers(const struct xent_row_stats *stats, char *task_memory)
{
    return (struct xent_buffers){ .copy = xent_arena_at(task_memory, stats->loss.copy),
                                  .prepared = xent_arena_at(task_memory, stats->loss.prepared),
                                  .coef = xent_arena_at(task_memory, stats->loss.coef) };
}

extern const struct xent_tile_steps xent_stats_tile_steps;
extern const struct xent_operation xent_row_stats_operation;

#endif
