#include <windows.h>

#include "pages.h"

size_t pages_size(void)
{
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    return system.dwPageSize;
}

unsigned char *pages_guarded(size_t bytes)
{
    const size_t page = pages_size();
    unsigned char *map = VirtualAlloc(NULL, bytes + 2 * page, MEM_RESERVE, PAGE_NOACCESS);
    if (map == NULL || (bytes > 0 && VirtualAlloc(map + page, bytes, MEM_COMMIT, PAGE_READWRITE) == NULL)) return NULL;
    return map + page;
}

void pages_free(unsigned char *first, size_t bytes)
{
    (void)bytes;
    VirtualFree(first - pages_size(), 0, MEM_RELEASE);
}
