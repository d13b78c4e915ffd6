/* Rows whose classes lie on many ranks: each has the states of its own, all get those of all, and merge them to the same rows. */
#include <limits.h>

#include "mpi/call.h"

xent_status xent_mpi_reduce(struct xent_mpi_call *call)
{
    const int64_t per_row = xent_partials_per_row(&call->shard);
    if (per_row > 0 && call->rows > INT_MAX / per_row)
        return xent_mpi_fail(XENT_ERROR_OVERFLOW, "%lld rows of %lld states are more than %d states", (long long)call->rows,
                             (long long)per_row, INT_MAX);
    XENT_MPI_TRY(xent_mpi_allocate(call, call->rows * per_row, sizeof(xent_partial), &call->partials));
    return xent_partial_reduce(call->logits, &call->shard, call->target, call->given_options, call->partials);
}

static xent_shard shard_of(const struct xent_mpi_header *header)
{
    return (xent_shard){ .first = header->first, .classes = header->classes, .of = header->of, .dtype = header->dtype };
}

/* Where the states of each rank go. */
static xent_status place_states(struct xent_mpi_call *call, int count)
{
    int64_t at = 0;
    for (int i = 0; i < count; i++) {
        int64_t states = call->rows * xent_partials_per_row(&call->shards[i]);
        if (states > INT_MAX - at)
            return xent_mpi_fail(XENT_ERROR_OVERFLOW, "the states of all shards are more than %d", INT_MAX);
        call->states[i] = (int)states;
        call->states_at[i] = (int)at;
        at += states;
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
    if (call->group.classes.comm != MPI_COMM_NULL) return place_states(call, count);
    call->parts[0] = call->partials;
    return XENT_OK;
}

/* States are counted as such, so that their bytes may be more than an int tells. */
static xent_status gather_states(struct xent_mpi_call *call)
{
    const struct xent_mpi_ranks *ranks = &call->group.classes;
    MPI_Datatype state;
    xent_status status;
    if (ranks->comm == MPI_COMM_NULL) return XENT_OK;
    XENT_MPI_TRY(xent_mpi_result("MPI_Type_contiguous", MPI_Type_contiguous((int)sizeof(xent_partial), MPI_BYTE, &state)));
    status = xent_mpi_result("MPI_Type_commit", MPI_Type_commit(&state));
    if (status == XENT_OK)
        status =
            xent_mpi_result("MPI_Allgatherv", MPI_Allgatherv(call->partials, call->states[ranks->own], state, call->gathered,
                                                             call->states, call->states_at, state, ranks->comm));
    (void)MPI_Type_free(&state);
    return status;
}

xent_status xent_mpi_classes_exchange(struct xent_mpi_call *call)
{
    XENT_MPI_TRY(gather_states(call));
    return xent_partial_merge(call->group.classes.count, call->shards, call->parts, call->rows, call->whole);
}
