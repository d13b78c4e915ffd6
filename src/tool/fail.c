/* How the program gives up. */
#include "fail.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void say(const char *format, va_list arguments)
{
    fputs("xent: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    exit(FAILED);
}

void fail_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    fputs("xent --help lists commands and options.\n", stderr);
    exit(FAILED);
}

void must(xent_status status)
{
    if (status != XENT_OK) fail("%s", xent_error_message());
}

void *allocate(uint64_t count, size_t size)
{
    void *memory = count <= SIZE_MAX ? calloc(count > 0 ? (size_t)count : 1, size) : NULL;
    if (memory == NULL) fail("out of memory: %llu elements of %zu bytes cannot be had", (unsigned long long)count, size);
    return memory;
}
