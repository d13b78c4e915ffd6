#include "expect.h"

#include <string.h>

void expect_ok_at(xent_status got, const char *call, const char *file, int line)
{
    if (got == XENT_OK) return;
    print_error("%s: %s: %s\n", call, xent_status_name(got), xent_error_message());
    _fail(file, line);
}

void expect_error_at(xent_status got, xent_status status, const char *message, const char *call, const char *file, int line)
{
    if (got == status && strcmp(xent_error_message(), message) == 0) return;
    print_error("%s\n  answered %s: %s\n  expected %s: %s\n", call, xent_status_name(got), xent_error_message(),
                xent_status_name(status), message);
    _fail(file, line);
}

void expect_error_naming_at(xent_status got, xent_status status, const char *const *words, const char *call, const char *file,
                            int line)
{
    while (got == status && *words != NULL && strstr(xent_error_message(), *words) != NULL) words++;
    if (got == status && *words == NULL) return;
    print_error("%s\n  answered %s: %s\n  expected %s naming: %s\n", call, xent_status_name(got), xent_error_message(),
                xent_status_name(status), *words == NULL ? "" : *words);
    _fail(file, line);
}
