#include "guarded.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pages.h"

struct guarded guarded_new(size_t bytes)
{
    const size_t page = pages_size(), size = (bytes + page - 1) / page * page;
    unsigned char *first = pages_guarded(size);
    if (first == NULL) {
        perror("guarded memory");
        exit(EXIT_FAILURE);
    }
    return (struct guarded){ first, size };
}

void guarded_free(struct guarded *g)
{
    pages_free(g->first, g->size);
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

static const char *doing;

static void report_crash(int signal_number)
{
    (void)signal_number;
    if (write(STDERR_FILENO, doing, (unsigned)strlen(doing)) >= 0) _exit(EXIT_FAILURE);
    abort();
}

void guarded_report(const char *text)
{
    doing = text;
    signal(SIGSEGV, report_crash);
#ifdef SIGBUS
    signal(SIGBUS, report_crash);
#endif
}
