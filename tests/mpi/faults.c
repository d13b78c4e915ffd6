#include "faults.h"

#include <mpi.h>
#include <stdlib.h>

long failing_allocation, failing_mpi_call, allocations, mpi_calls;
int32_t numerics_version = 1;

/* By way of macros that the sources are compiled with. */
void *failing_calloc(size_t count, size_t size);
int32_t pretended_numerics_version(void);

void faults_begin(void)
{
    failing_allocation = failing_mpi_call = 0;
    allocations = mpi_calls = 0;
    numerics_version = 1;
}

void *failing_calloc(size_t count, size_t size) { return ++allocations == failing_allocation ? NULL : calloc(count, size); }

int32_t pretended_numerics_version(void) { return numerics_version; }

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
