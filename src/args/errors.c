/* The message of a thread's last failure. */
#include "args/errors.h"

#include <fenv.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* What printf writes of a number in every locale alike: all but the decimal point, which may be several bytes. */
static bool is_of_number(char c) { return strchr("0123456789+-einfa", c) != NULL; }

/* 15 digits keep what somebody has written with as many, 17 keep any double. musl computes them in the x87, whose flags are the caller's. */
static void print_number(double x, char text[XENT_NUMBER_TEXT])
{
    fenv_t caller;
    (void)feholdexcept(&caller);
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, XENT_NUMBER_TEXT, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    (void)fesetenv(&caller);
}

const char *xent_number_text(double x, char text[XENT_NUMBER_TEXT])
{
    char *to = text;
    print_number(x, text);
    for (const char *from = text; *from != 0; from++) {
        if (is_of_number(*from))
            *to++ = *from;
        else if (to[-1] != '.') /* a digit stands before it */
            *to++ = '.';
    }
    *to = 0;
    return text;
}

const char *xent_last_message(void) { return message; }

void xent_set_last_message(const char *text)
{
    size_t length = 0;
    while (length < sizeof message - 1 && text[length] != '\0') length++;
    memmove(message, text, length);
    message[length] = '\0';
}
