/* How the program gives up. */
#include "fail.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "progress.h"

enum { LONGEST = 16384 };

/* A terminal would obey control characters, those of ISO 8859 in UTF-8 among them, and names come from files that anybody may have
   written. */
static void hide_controls(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        const bool is_pair = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
        if (is_pair) *at++ = '?';
        if (is_pair || *at < ' ' || *at == 0x7f) *at = '?';
    }
}

LIKE_PRINTF(1, 0) static void say(const char *format, va_list arguments)
{
    char text[LONGEST];
    vsnprintf(text, sizeof text, format, arguments);
    hide_controls(text);
    progress_end();
    fprintf(stderr, "xent: %s\n", text);
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
