/* Rows of which a call has some classes alone: their states, and what comes of the merged ones. */
#ifndef XENT_OPS_PARTIAL_H
#define XENT_OPS_PARTIAL_H

#include "ops/shard.h"
#include "ops/stats.h"

_Static_assert(sizeof(xent_partial) == 64, "a state is its eight fields, without padding");

/* Memory of the rows that have been reduced and not yet been written: their terms, where these have no other place, and their chunks. */
struct xent_waiting {
    char *memory;            /* NULL: a row goes through both passes at once */
    size_t row_step, chunks; /* bytes from a row to the next, and to its chunks */
};

/* A call of xent_partial_reduce, xent_partial_finish, xent_partial_grad or xent_partial_exchange. */
struct xent_slice {
    struct xent_row_stats stats; /* statistics and, in stats.loss, all that a loss has */
    const xent_partial *whole;   /* merged rows, which are read; NULL where they are not known yet */
    xent_partial *partials;      /* where states go */

    /* from the checks */
    bool has_target;
    xent_shard row;            /* all classes */
    struct xent_tensor states; /* the memory of whole or partials */
    struct xent_tensor logits; /* of finish, which has none: their dtype and shape */

    /* the plan */
    struct xent_tensor class_weight; /* of the shard's classes */

    int64_t first; /* the row whose states are at `partials` */
    struct xent_waiting waiting;
};

/* Forward, without outputs; the caller fills them in. */
static inline void xent_slice_init(struct xent_slice *slice, const xent_tensor *logits, const xent_shard *shard,
                                   const xent_tensor *target, const xent_options *options)
{
    xent_loss_init(&slice->stats.loss, logits, target, options);
    slice->stats.loss.shard = shard;
    slice->stats.given = NULL;
    for (int member = 0; member < XENT_STATS_MEMBERS; member++) slice->stats.out[member] = NULL;
    slice->whole = NULL;
    slice->partials = NULL;
    slice->first = 0;
    slice->waiting.memory = NULL;
}

/* The steps of a row up to its states, and those from terms and merged states to its gradient. What is found beside the sums is
   stats.extra. */
extern const struct xent_row_steps xent_slice_to_states, xent_slice_from_terms;

/* Plans the drive of all rows, without a divisor. Answers whether there are any: an empty shard has none. */
bool xent_slice_plan(struct xent_slice *slice, const struct xent_settings *settings, const struct xent_row_steps *steps,
                     struct xent_drive *drive);

/* States of one kind: as many to each of `rows` rows as the shard has. */
struct xent_states {
    const char *name; /* in xent.h */
    int32_t part;     /* where there are several, their number; else negative */
    const xent_partial *at;
    int64_t rows;
    const xent_shard *shard;
};

#define XENT_STATES_NAME 32 /* "partials[2147483647]" */
const char *xent_states_name(const struct xent_states *states, char text[XENT_STATES_NAME]);

/* Memory of all states as a tensor, for the checks of overlap. */
xent_status xent_states_span(const struct xent_states *states, struct xent_tensor *span);

/* Whether those of the rows from `from` on are states of their classes, as far as they tell. */
xent_status xent_states_check(const struct xent_states *states, int64_t from);

static inline struct xent_state xent_partial_state(const xent_partial *partial)
{
    return (struct xent_state){ partial->max, partial->rest, partial->heat, partial->coef, partial->gap, partial->peak };
}
xent_partial xent_partial_of(const struct xent_state *state, double target, int64_t argmax);

/* A call of xent_partial_exchange. */
struct xent_exchange_call {
    struct xent_slice slice;
    const xent_exchange *given;
    xent_partial *whole;

    /* from the checks */
    xent_exchange exchange;
    struct xent_states merged; /* those at `whole` */
};

/* Checks all arguments in the order of xent.h. */
xent_status xent_partial_reduce_check(void *call);
xent_status xent_partial_finish_check(void *call);
xent_status xent_partial_grad_check(void *call);
xent_status xent_partial_exchange_check(void *call);

/* A call of xent_partial_merge. */
struct xent_merge {
    int32_t parts;
    const xent_shard *shards;
    const xent_partial *const *partials;
    int64_t rows;
    xent_partial *whole;

    /* from the checks and the plan */
    bool aligned;          /* all shards are */
    struct xent_walk walk; /* over the rows */
    struct xent_row_type type;
};

extern const struct xent_operation xent_partial_reduce_operation, xent_partial_merge_operation, xent_partial_finish_operation,
    xent_partial_grad_operation, xent_partial_exchange_operation, xent_partial_check_operation;

#endif
