#ifndef XENT_TESTS_FAULTS_H
#define XENT_TESTS_FAULTS_H

#include <stddef.h>
#include <stdint.h>

/* What the sources of libxent-mpi call in place of calloc, xent_numerics_version, xent_partial_merge, xent_partial_exchange and the functions
   that wrap memory where they are compiled into a test, and calls of MPI: which of them fails, counted from 1; 0: none. */
extern long failing_allocation, failing_merge, failing_exchange, failing_wrap, failing_mpi_call;
extern int32_t numerics_version;

/* How many calls there were since the count began. */
extern long allocations, merges, exchanges, wraps, mpi_calls;
extern long mpi_calls_before; /* before xent_partial_exchange */
void faults_begin(void);

#endif
