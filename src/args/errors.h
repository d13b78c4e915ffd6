/* This thread's last failure. */
#ifndef XENT_ARGS_ERRORS_H
#define XENT_ARGS_ERRORS_H

#include "xent.h"

/* Marks failure paths as cold. */
#define XENT_COLD __attribute__((cold))

/* Writes the message and returns the status, so that a check is one statement. */
XENT_COLD __attribute__((format(printf, 2, 3))) xent_status xent_fail(xent_status status, const char *format, ...);

const char *xent_last_message(void);

#endif
