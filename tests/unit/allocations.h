/* Failing allocations. The linker sends the static library's calls of malloc and its kin here (-Wl,--wrap). */
#ifndef XENT_TESTS_ALLOCATIONS_H
#define XENT_TESTS_ALLOCATIONS_H

#include <stddef.h>

/* From here on so many allocations succeed, then one fails. */
void allocations_begin(long allowed);

/* No longer. Returns how many allocations since then have not been freed. */
long allocations_end(void);

/* Bytes of all that have succeeded since the last allocations_begin. */
size_t allocations_bytes(void);

#endif
