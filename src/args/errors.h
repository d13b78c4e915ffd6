/* This thread's last failure. */
#ifndef XENT_ARGS_ERRORS_H
#define XENT_ARGS_ERRORS_H

#include "xent.h"

/* Of a function that is called where something fails. */
#ifdef __GNUC__
#define XENT_COLD __attribute__((cold))
#define XENT_LIKE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define XENT_COLD
#define XENT_LIKE_PRINTF(text, first)
#endif

/* Writes the message and returns the status, so that a check is one statement. */
XENT_COLD XENT_LIKE_PRINTF(2, 3) xent_status xent_fail(xent_status status, const char *format, ...);

const char *xent_last_message(void);

#endif
