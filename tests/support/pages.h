#ifndef XENT_TESTS_PAGES_H
#define XENT_TESTS_PAGES_H

#include <stddef.h>

/* Pages of memory, as each system has them. */
size_t pages_size(void);

/* So many bytes, whole pages, between two pages that can be neither read nor written. NULL where the system has no memory. */
unsigned char *pages_guarded(size_t bytes);
void pages_free(unsigned char *first, size_t bytes);

#endif
