/* libxent-mpi: the losses and statistics of xent.h where the classes of a row, and the rows of a batch, lie on many ranks of MPI.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * This header is the reference. It needs <mpi.h> of the MPI that the program is built with; there is a library for OpenMPI and one for
 * MPICH, of the same functions.
 *
 * Ranks in a grid
 *   classes   a communicator of the ranks that hold the other classes of the same rows, in class order: rank i has the i-th shard
 *             (xent_shard_cut makes shards); MPI_COMM_NULL: this rank has whole rows
 *   rows      a communicator of the ranks that hold other rows of the batch, in row order, and the same classes; MPI_COMM_NULL: there are
 *             no other rows
 *   Both are intracommunicators, MPI_Comm_split makes them. In a grid each rank of one is in a communicator of the other kind, and
 *   the rows of rank i of `rows` are the same all along its `classes`.
 *
 * What holds for every function
 *   Collective       All ranks of `classes` and `rows` call the same function, in the same order as their other collectives.
 *   Same bits        Shards that are cut at multiples of 4096 classes, and any cut of the rows, give the bits that one process gives for
 *                    all of them: losses, statistics, gradients. So does any number of ranks, under any MPI.
 *   One answer       A failure on one rank is the answer on every rank of the grid: its status, and its sentence behind "rank 3: ", the
 *                    rank in MPI_COMM_WORLD. Nobody waits for a rank that has returned, and no rank has written one byte of any
 *                    output. There is one exception: where MPI fails (XENT_ERROR_COMMUNICATION), or memory to merge states cannot be
 *                    had (XENT_ERROR_NO_MEMORY), after all have agreed to exchange states, grad_logits is undefined on every rank, and so
 *                    are logits in whose place it goes; in the last step others may have written their results.
 *   Checked first    Arguments are checked, on each rank by itself and then against those of the others, before anything but some hundred
 *                    bytes is exchanged.
 *   Threads of MPI   MPI is called on the calling thread alone, by collective calls alone; MPI_THREAD_FUNNELED suffices.
 *   A rank that dies is MPI's matter: mpirun ends the others.
 *
 *   Blocks           A gradient goes by blocks of rows, with an exchange of states for each: as many rows as have 131072 logits in the
 *                    largest shard, at least one. It is written with the exponentials that the states were made of.
 *
 * Exchanged by a rank, R its rows and S the states of a row in all shards (xent_partials_per_row, added up): it receives 64 * R * S bytes over
 * `classes`. Over `rows`: 8 bytes for each row of the batch where a mean or a sum is wanted, 8 more where a mean has class weights or
 * row weights and no normalizer. No logits, and nothing of their size.
 */
#ifndef XENT_MPI_H
#define XENT_MPI_H

#include <mpi.h>

#include <xent.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Shared by the functions below
   logits    this rank's rows and classes, as for xent_partial_reduce
   shard     its classes; the same C on all ranks. NULL with classes MPI_COMM_NULL: all that the logits have
   target    class indices in [0, C) of this rank's rows, the same on all ranks of `classes`; or its slice of the probabilities
   options   the same on all ranks, but for num_threads and for row_weight, which has the batch shape of this rank's rows and is the same on
             all ranks of `classes`. class_weight has shape (C) everywhere. MEAN divides by the divisor of all rows
   loss      MEAN, SUM: that of all rows, on every rank; NONE: of this rank's rows. Given on all ranks or on none

   Errors beside those of xent_cross_entropy and xent_partial_reduce: XENT_ERROR_INVALID_ARGUMENT: shard is NULL where `classes` is not
   MPI_COMM_NULL, an intercommunicator. XENT_ERROR_SHAPE: shards that do not cover [0, C) once, in the order of the ranks.
   XENT_ERROR_OVERFLOW: more than 2^31 - 1 states of all shards or rows in an exchange; a divisor that is more than the largest double.
   XENT_ERROR_COMMUNICATION: MPI has not been initialized or has been finalized; a call of MPI failed, where the communicator's error
   handler lets it return; other functions, options, class weights, dtypes, C, versions of the numerics than on the first rank of
   `classes` or `rows`; another number of rows, other class indices, row weights or grad_loss, or another place in `rows`, than on the first rank of
   `classes`. */

/* As xent_cross_entropy. */
XENT_API xent_status xent_mpi_cross_entropy(MPI_Comm classes, MPI_Comm rows, const xent_tensor *logits, const xent_shard *shard,
                                            const xent_tensor *target, const xent_options *options, xent_tensor *loss);

/* As xent_cross_entropy_grad, of this rank's rows and classes. grad_loss: of this rank's rows for NONE, else one element, the same
   everywhere. loss: may be NULL. grad_logits: may be the logits. */
XENT_API xent_status xent_mpi_cross_entropy_grad(MPI_Comm classes, MPI_Comm rows, const xent_tensor *logits,
                                                 const xent_shard *shard, const xent_tensor *target,
                                                 const xent_options *options, const xent_tensor *grad_loss, xent_tensor *loss,
                                                 xent_tensor *grad_logits);

/* As xent_row_stats, of this rank's rows: other rows do not matter, so there is no communicator of them. Members may be wanted on some ranks and
   not on others. stats->rank must be NULL (else XENT_ERROR_INVALID_ARGUMENT): states do not tell it. */
XENT_API xent_status xent_mpi_row_stats(MPI_Comm classes, const xent_tensor *logits, const xent_shard *shard,
                                        const xent_tensor *target, const xent_options *options, const xent_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
