#include "flaw.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct description flaw_description;

void flaw(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    if (flaw_description.print != NULL) flaw_description.print(flaw_description.call);
    abort();
}
