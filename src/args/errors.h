/* This thread's last failure. */
#ifndef XENT_ARGS_ERRORS_H
#define XENT_ARGS_ERRORS_H

#include <stdio.h>

#include "xent.h"

/* What the compiler takes formats for: on Windows "printf" is the system's, which knows no %zu, and not the one that is called. */
#ifdef __MINGW_PRINTF_FORMAT
#define XENT_PRINTF_FORMAT __MINGW_PRINTF_FORMAT
#else
#define XENT_PRINTF_FORMAT printf
#endif

/* Marks failure paths as cold. */
#define XENT_COLD __attribute__((cold))

/* Writes the message and returns the status, so that a check is one statement. */
XENT_COLD __attribute__((format(XENT_PRINTF_FORMAT, 2, 3))) xent_status xent_fail(xent_status status, const char *format, ...);

const char *xent_last_message(void);

/* A number for a message, in the fewest of 15 to 17 digits that read back as the same, with a point in every locale. Returns `text`. */
#define XENT_NUMBER_TEXT 32
XENT_COLD const char *xent_number_text(double x, char text[XENT_NUMBER_TEXT]);

/* The message may be the last one itself. */
void xent_set_last_message(const char *text);

#endif
