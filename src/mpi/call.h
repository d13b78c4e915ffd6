/* A call of libxent-mpi: what the caller gave, and what the ranks have learned from each other on the way. */
#ifndef XENT_MPI_CALL_H
#define XENT_MPI_CALL_H

#include <stdbool.h>

#include "mpi/group.h"

enum xent_mpi_function { XENT_MPI_LOSS = 1, XENT_MPI_GRADIENT = 2, XENT_MPI_STATS = 3 };

/* What a rank says of its call, for the others to compare with theirs. Sent as it is. */
struct xent_mpi_header {
    int32_t world;    /* the rank in MPI_COMM_WORLD */
    int32_t numerics; /* xent_numerics_version() */
    int32_t function; /* an xent_mpi_function, and whether there is a loss */
    int32_t dtype;
    int64_t first, classes, of; /* the shard */
    int64_t rows;
    uint64_t options; /* hash of what all ranks have alike */
    uint64_t shared;  /* hash of what the ranks of `classes` have alike */
};

enum { XENT_MPI_BLOCKS = 16 };

struct xent_mpi_call {
    /* from the caller */
    enum xent_mpi_function function;
    const xent_tensor *logits, *target, *grad_loss;
    const xent_shard *given_shard;
    const xent_options *given_options;
    const xent_stats *stats;
    xent_tensor *loss, *grad_logits;

    struct xent_mpi_group group;
    void *block[XENT_MPI_BLOCKS]; /* all memory, until the call ends */
    int blocks;

    /* of this rank */
    xent_options options;
    xent_shard shard;
    int32_t axis;
    int64_t rows;

    /* of all ranks of classes */
    struct xent_mpi_header *class_headers;
    xent_shard *shards;
    int64_t block_rows;         /* rows that are exchanged together */
    const xent_partial **parts; /* of each, its states of a block */
    xent_partial *gathered;     /* those of all ranks */
    MPI_Datatype state;         /* the bytes of one */
    int *states, *states_at;    /* how many a rank has of the block at hand, and where they stand */
    xent_partial *whole;        /* of all of this rank's rows */
    bool begun, agreed;         /* this rank has asked the others whether to exchange anything, and all will */
    int64_t exchanged;          /* rows whose exchange has taken place */

    /* of all ranks of rows */
    struct xent_mpi_header *row_headers;
    int *counts, *counts_at; /* rows of each rank, and where they stand among all */
    int64_t all_rows;
    double *losses, *weights;         /* of this rank's rows; NULL: not wanted */
    double *all_losses, *all_weights; /* of all */
    double divisor, value;            /* of MEAN; the loss of all rows */
};

/* Memory for `count` elements, and never NULL, or XENT_ERROR_NO_MEMORY. */
xent_status xent_mpi_allocate(struct xent_mpi_call *call, int64_t count, size_t size, void *memory);

/* *t = F64 of this rank's batch shape over `data`; to be destroyed. */
xent_status xent_mpi_wrap_rows(const struct xent_mpi_call *call, double *data, xent_tensor **t);

/* Whether they are class indices, and not probabilities. */
bool xent_mpi_has_classes(const xent_tensor *target);

/* Whether the losses of all rows become one. */
bool xent_mpi_reduces(const struct xent_mpi_call *call);

/* ---- mpi/header.c --------------------------------------------------------------------------------------------------- */

/* Everybody's headers, over both communicators; then whether this rank's fits those of the first ranks. The options, the shard and the
   number of rows are known and have been checked. */
xent_status xent_mpi_compare(struct xent_mpi_call *call);

/* ---- mpi/classes.c -------------------------------------------------------------------------------------------------- */

/* Whether all shards make up the rows, and memory for their states. */
xent_status xent_mpi_classes_plan(struct xent_mpi_call *call);
/* Reduces this rank's rows to states, exchanges and merges these, and writes the gradient, if that is wanted. Before the first exchange all
   ranks agree whether to begin; once they have, all exchanges take place, whatever fails here. */
xent_status xent_mpi_classes_exchange(struct xent_mpi_call *call);

/* ---- mpi/rows.c ----------------------------------------------------------------------------------------------------- */

/* Memory for what is gathered of all rows, and what this rank's rows add to the divisor. */
xent_status xent_mpi_rows_plan(struct xent_mpi_call *call);
/* Exchanges the rows' weights and finds what MEAN divides by. */
xent_status xent_mpi_divisor_exchange(struct xent_mpi_call *call);
/* Exchanges and reduces the rows' losses; `status`: whether the states of this rank's rows are known. */
xent_status xent_mpi_losses_exchange(struct xent_mpi_call *call, xent_status status);
/* Writes the loss of all rows. */
xent_status xent_mpi_rows_write(const struct xent_mpi_call *call);

#endif
