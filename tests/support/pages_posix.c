#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <sys/mman.h>
#include <unistd.h>

#include "pages.h"

size_t pages_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

unsigned char *pages_guarded(size_t bytes)
{
    const size_t page = pages_size();
    unsigned char *map = mmap(NULL, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || (bytes > 0 && mprotect(map + page, bytes, PROT_READ | PROT_WRITE) != 0)) return NULL;
    return map + page;
}

void pages_free(unsigned char *first, size_t bytes) { munmap(first - pages_size(), bytes + 2 * pages_size()); }
