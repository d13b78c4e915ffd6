/* The message of a thread's last failure. */
#include "args/errors.h"

#include <stdarg.h>
#include <stdio.h>

/* Small: a program that opens the library late must find room for it in its static thread-local storage, where that is used. */
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
