#include "faults.h"

#include <stdlib.h>
#include <xent_mpi.h>

long failing_allocation, failing_merge, failing_exchange, failing_wrap, failing_mpi_call;
long allocations, merges, exchanges, wraps, mpi_calls, mpi_calls_before;
int32_t numerics_version = 1;

/* By way of macros that the sources are compiled with. */
void *failing_calloc(size_t count, size_t size);
int32_t pretended_numerics_version(void);
xent_status failing_partial_merge(int32_t parts, const xent_shard *shards, const xent_partial *const *partials, int64_t rows,
                                  xent_partial *whole);
xent_status failing_partial_exchange(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                                     const xent_options *options, const xent_exchange *exchange, const xent_tensor *grad_loss,
                                     xent_partial *whole, xent_tensor *grad_logits);
xent_status failing_tensor_wrap(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape, const int64_t *strides,
                                void *data);
xent_status failing_tensor_wrap_const(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape,
                                      const int64_t *strides, const void *data);

void faults_begin(void)
{
    failing_allocation = failing_merge = failing_exchange = failing_wrap = failing_mpi_call = 0;
    allocations = merges = exchanges = wraps = mpi_calls = mpi_calls_before = 0;
    numerics_version = 1;
}

void *failing_calloc(size_t count, size_t size) { return ++allocations == failing_allocation ? NULL : calloc(count, size); }

int32_t pretended_numerics_version(void) { return numerics_version; }

static xent_status no_memory(const char *what)
{
    xent_set_error_message(what);
    return XENT_ERROR_NO_MEMORY;
}

xent_status failing_partial_merge(int32_t parts, const xent_shard *shards, const xent_partial *const *partials, int64_t rows,
                                  xent_partial *whole)
{
    if (++merges == failing_merge) return no_memory("no memory to merge");
    return xent_partial_merge(parts, shards, partials, rows, whole);
}

xent_status failing_partial_exchange(const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                                     const xent_options *options, const xent_exchange *exchange, const xent_tensor *grad_loss,
                                     xent_partial *whole, xent_tensor *grad_logits)
{
    mpi_calls_before = mpi_calls;
    if (++exchanges == failing_exchange) return no_memory("no memory for a block");
    return xent_partial_exchange(logits, shard, target, options, exchange, grad_loss, whole, grad_logits);
}

xent_status failing_tensor_wrap(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape, const int64_t *strides,
                                void *data)
{
    *out = NULL;
    if (++wraps == failing_wrap) return no_memory("no memory for a handle");
    return xent_tensor_wrap(out, dtype, ndim, shape, strides, data);
}

xent_status failing_tensor_wrap_const(xent_tensor **out, xent_dtype dtype, int32_t ndim, const int64_t *shape,
                                      const int64_t *strides, const void *data)
{
    *out = NULL;
    if (++wraps == failing_wrap) return no_memory("no memory for a handle");
    return xent_tensor_wrap_const(out, dtype, ndim, shape, strides, data);
}

/* In front of MPI's own, which have a second name. */
#define OR_FAIL(call) (++mpi_calls == failing_mpi_call ? MPI_ERR_OTHER : (call))

int MPI_Allreduce(const void *in, void *out, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    return OR_FAIL(PMPI_Allreduce(in, out, count, type, op, comm));
}

int MPI_Allgather(const void *in, int n, MPI_Datatype type, void *out, int count, MPI_Datatype to, MPI_Comm comm)
{
    return OR_FAIL(PMPI_Allgather(in, n, type, out, count, to, comm));
}

int MPI_Allgatherv(const void *in, int n, MPI_Datatype type, void *out, const int *counts, const int *at, MPI_Datatype to,
                   MPI_Comm comm)
{
    return OR_FAIL(PMPI_Allgatherv(in, n, type, out, counts, at, to, comm));
}

int MPI_Type_contiguous(int count, MPI_Datatype old, MPI_Datatype *type)
{
    return OR_FAIL(PMPI_Type_contiguous(count, old, type));
}

int MPI_Type_commit(MPI_Datatype *type) { return OR_FAIL(PMPI_Type_commit(type)); }

int MPI_Initialized(int *flag) { return OR_FAIL(PMPI_Initialized(flag)); }

int MPI_Finalized(int *flag) { return OR_FAIL(PMPI_Finalized(flag)); }

int MPI_Comm_test_inter(MPI_Comm comm, int *flag) { return OR_FAIL(PMPI_Comm_test_inter(comm, flag)); }

int MPI_Comm_size(MPI_Comm comm, int *size) { return OR_FAIL(PMPI_Comm_size(comm, size)); }

int MPI_Comm_rank(MPI_Comm comm, int *rank) { return OR_FAIL(PMPI_Comm_rank(comm, rank)); }
