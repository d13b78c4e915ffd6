#ifndef XENT_TESTS_FAULTS_H
#define XENT_TESTS_FAULTS_H

#include <stddef.h>
#include <stdint.h>

/* What the sources of libxent-mpi call in place of calloc and xent_numerics_version where they are compiled into a test, and calls of MPI
   that fail. Counted from 1; 0: none. */
extern long failing_allocation, failing_mpi_call;
extern int32_t numerics_version;

/* How many calls there were since the count began. */
extern long allocations, mpi_calls;
void faults_begin(void);

#endif
