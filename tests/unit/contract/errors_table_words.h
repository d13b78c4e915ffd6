#ifndef XENT_TESTS_ERRORS_TABLE_WORDS_H
#define XENT_TESTS_ERRORS_TABLE_WORDS_H

#include <stdio.h>

#include "errors_table.h"

/* What the cells of operations are made of. */

static inline struct cell reported(xent_status status, const char *format, ...)
{
    struct cell cell = { REPORTED, status, "" };
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(cell.text, TEXT_SIZE, format, arguments);
    va_end(arguments);
    return cell;
}

static inline struct cell allowed(const char *why)
{
    struct cell cell = { ALLOWED, XENT_OK, "" };
    (void)snprintf(cell.text, TEXT_SIZE, "%s", why);
    return cell;
}

static inline struct cell never(const char *why)
{
    struct cell cell = allowed(why);
    cell.kind = NEVER;
    return cell;
}

static inline const char *name_of(const struct function *f, enum role role) { return f->operation->operand[role]; }

/* What an operation answers to the checks of outputs and overlap. */
struct cell cell_of_output(const struct function *f, const struct column *c);

#endif
