/* How the program gives up: one sentence on standard error, exit code 2. */
#ifndef XENT_TOOL_FAIL_H
#define XENT_TOOL_FAIL_H

#include <stddef.h>
#include <xent.h>

#include "reason.h"

enum { FAILED = 2 };

LIKE_PRINTF(1, 2) _Noreturn void fail(const char *format, ...);

/* The same with a hint at --help. */
LIKE_PRINTF(1, 2) _Noreturn void fail_usage(const char *format, ...);

/* Ends the program with the library's sentence unless a call succeeded. */
void must(xent_status status);

/* Zeroed memory of `count` elements, at least one; never NULL. */
void *allocate(uint64_t count, size_t size);

#endif
