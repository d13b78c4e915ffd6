#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "guarded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

struct guarded guarded_new(size_t bytes)
{
    const size_t page = page_size(), size = (bytes + page - 1) / page * page;
    unsigned char *map = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || (size > 0 && mprotect(map + page, size, PROT_READ | PROT_WRITE) != 0)) {
        perror("guarded memory");
        exit(EXIT_FAILURE);
    }
    return (struct guarded){ map + page, size };
}

void guarded_free(struct guarded *g)
{
    munmap(g->first - page_size(), g->size + 2 * page_size());
    *g = (struct guarded){ NULL, 0 };
}

static void *place(struct guarded *g, size_t offset)
{
    memset(g->first, GUARDED_PATTERN, g->size);
    return g->first + offset;
}

void *guarded_at_end(struct guarded *g, size_t bytes) { return place(g, g->size - bytes); }

void *guarded_at_start(struct guarded *g, size_t bytes)
{
    (void)bytes; /* the same arguments for both, so that a test can choose between them */
    return place(g, 0);
}

static bool holds_pattern(const unsigned char *begin, const unsigned char *end)
{
    while (begin < end && *begin == GUARDED_PATTERN) begin++;
    return begin == end;
}

bool guarded_intact(const struct guarded *g, const void *buffer, size_t bytes)
{
    const unsigned char *begin = buffer;
    return holds_pattern(g->first, begin) && holds_pattern(begin + bytes, g->first + g->size);
}
