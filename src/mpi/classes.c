/* Rows whose classes lie on many ranks: each has the states of its own, all get those of all, and merge them to the same rows. */
#include <limits.h>
#include <string.h>

#include "mpi/call.h"

/* ---- The plan ------------------------------------------------------------------------------------------------------- */

/* Logits of the largest shard in a block: still in a cache near by when the gradient is written, and enough for an exchange to take a
   small part of the time (docs/distributed.md). */
enum { BLOCK_LOGITS = 1 << 17 };

static xent_shard shard_of(const struct xent_mpi_header *header)
{
    return (xent_shard){ .first = header->first, .classes = header->classes, .of = header->of, .dtype = header->dtype };
}

/* The same on all ranks of `classes`. What is read once goes in one exchange. */
static int64_t block_rows_of(const struct xent_mpi_call *call, int count)
{
    int64_t most = 1, rows;
    if (call->function != XENT_MPI_GRADIENT) return call->rows;
    for (int i = 0; i < count; i++)
        if (call->shards[i].classes > most) most = call->shards[i].classes;
    rows = most < BLOCK_LOGITS ? BLOCK_LOGITS / most : 1;
    return rows < call->rows ? rows : call->rows;
}

/* Where the states of each rank go. */
static xent_status place_states(struct xent_mpi_call *call, int count)
{
    int64_t at = 0;
    for (int i = 0; i < count; i++) {
        const int64_t per_row = xent_partials_per_row(&call->shards[i]);
        if (per_row > 0 && call->block_rows > (INT_MAX - at) / per_row)
            return xent_mpi_fail(XENT_ERROR_OVERFLOW, "%lld rows have more than %d states in all shards",
                                 (long long)call->block_rows, INT_MAX);
        call->states_at[i] = (int)at;
        at += call->block_rows * per_row;
    }
    XENT_MPI_TRY(xent_mpi_allocate(call, at, sizeof(xent_partial), &call->gathered));
    for (int i = 0; i < count; i++) call->parts[i] = call->gathered + call->states_at[i];
    return XENT_OK;
}

xent_status xent_mpi_classes_plan(struct xent_mpi_call *call)
{
    const int count = call->group.classes.count;
    XENT_MPI_TRY(xent_mpi_allocate(call, count, sizeof(xent_shard), &call->shards));
    XENT_MPI_TRY(xent_mpi_allocate(call, count, sizeof(xent_partial *), &call->parts));
    XENT_MPI_TRY(xent_mpi_allocate(call, count, sizeof(int), &call->states));
    XENT_MPI_TRY(xent_mpi_allocate(call, count, sizeof(int), &call->states_at));
    XENT_MPI_TRY(xent_mpi_allocate(call, call->rows, sizeof(xent_partial), &call->whole));
    for (int i = 0; i < count; i++) call->shards[i] = shard_of(&call->class_headers[i]);
    XENT_MPI_TRY(xent_partial_merge(count, call->shards, call->parts, 0, NULL)); /* of no rows: checks the shards */
    call->block_rows = block_rows_of(call, count);
    return call->group.classes.comm == MPI_COMM_NULL ? XENT_OK : place_states(call, count);
}

/* ---- A block -------------------------------------------------------------------------------------------------------- */

/* partials NULL: there are none; or those of a block before stand for them, since the others wait for some. */
static xent_status gather_states(struct xent_mpi_call *call, int64_t rows, const xent_partial *partials)
{
    const struct xent_mpi_ranks *ranks = &call->group.classes;
    const int own = ranks->own;
    call->exchanged += rows;
    if (ranks->comm == MPI_COMM_NULL) {
        call->parts[0] = partials;
        return XENT_OK;
    }
    for (int i = 0; i < ranks->count; i++) call->states[i] = (int)(rows * xent_partials_per_row(&call->shards[i]));
    if (partials != NULL) memcpy(call->gathered + call->states_at[own], partials, (size_t)call->states[own] * sizeof *partials);
    return xent_mpi_result("MPI_Allgatherv", MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, call->gathered, call->states,
                                                            call->states_at, call->state, ranks->comm));
}

static xent_status begin_exchange(struct xent_mpi_call *call)
{
    xent_status status;
    call->begun = true;
    status = xent_mpi_agree(&call->group, XENT_OK);
    call->agreed = status == XENT_OK;
    return status;
}

static xent_status exchange_states(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *whole)
{
    struct xent_mpi_call *call = user;
    (void)first;
    if (!call->begun) return begin_exchange(call);
    XENT_MPI_TRY(gather_states(call, rows, partials));
    return xent_partial_merge(call->group.classes.count, call->shards, call->parts, rows, whole);
}

/* ---- All of them ---------------------------------------------------------------------------------------------------- */

static xent_status exchange_blocks(struct xent_mpi_call *call)
{
    xent_exchange exchange = XENT_EXCHANGE_INIT;
    xent_status status;
    exchange.run = exchange_states;
    exchange.user = call;
    exchange.block_rows = call->block_rows;
    exchange.entropy = call->function == XENT_MPI_STATS;
    status = xent_partial_exchange(call->logits, &call->shard, call->target, &call->options, &exchange, call->grad_loss,
                                   call->whole, call->grad_logits);
    while (call->agreed && call->exchanged < call->rows) {
        const int64_t left = call->rows - call->exchanged;
        (void)gather_states(call, left < call->block_rows ? left : call->block_rows, NULL);
    }
    return status;
}

/* States are counted as such, so that their bytes may be more than an int tells. */
xent_status xent_mpi_classes_exchange(struct xent_mpi_call *call)
{
    const int bytes = (int)sizeof(xent_partial);
    xent_status status;
    if (call->group.classes.comm == MPI_COMM_NULL) return exchange_blocks(call);
    XENT_MPI_TRY(xent_mpi_result("MPI_Type_contiguous", MPI_Type_contiguous(bytes, MPI_BYTE, &call->state)));
    status = xent_mpi_result("MPI_Type_commit", MPI_Type_commit(&call->state));
    if (status == XENT_OK) status = exchange_blocks(call);
    (void)MPI_Type_free(&call->state);
    return status;
}
