#include "core/errors.h"

#include <stdarg.h>
#include <stdio.h>

/* 256 bytes at most: with -ftls-model=initial-exec or not, a program that opens the library late must find room for it. */
static _Thread_local char message[256];

xent_status xent_fail(xent_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return status;
}

const char *xent_last_message(void) { return message; }
