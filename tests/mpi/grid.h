#ifndef XENT_TESTS_GRID_H
#define XENT_TESTS_GRID_H

#include <xent_mpi.h>

#include "property/partial_batch.h"

/* The ranks of a test in a grid, and the part of a batch that each has. All ranks draw the same batch, so that each knows all answers. An
   assertion that fails ends its rank, and mpirun the others. */

struct grid {
    int parts, batches; /* ranks along the classes, and along the rows */
    int part, batch;    /* of this rank */
    int world;
    MPI_Comm classes, rows;
};

/* Initializes MPI. parts divides the number of ranks. Ranks that follow each other have the classes of the same rows. */
void grid_begin(struct grid *g, int parts, int *argc, char ***argv);
void grid_end(struct grid *g);

/* The rows of this rank: [from, to) along the first axis of the batch. */
struct rows_range {
    int64_t from, to;
};
struct rows_range grid_rows(const struct grid *g, int64_t outer);

/* The part of a tensor of shape (outer, classes, inner) or (outer, inner), over the same memory; NULL of NULL. To be destroyed by
   xent_tensor_destroy. */
xent_tensor *grid_table(const struct grid *g, const xent_tensor *t, const xent_shard *shard);
xent_tensor *grid_column(const struct grid *g, const xent_tensor *t);

/* What this rank gives to a call. */
struct share {
    xent_shard shard;
    xent_options options;
    xent_tensor *logits, *target, *row_weight, *grad_loss, *loss, *grad_logits;
    xent_stats stats;
};

/* Outputs go to this rank's part of `out`. in_place: the gradient goes over the logits. */
struct share share_of(const struct grid *g, const struct batch *b, const struct rows *out, const xent_shard *shard,
                      int in_place);
void share_free(struct share *s);

#endif
