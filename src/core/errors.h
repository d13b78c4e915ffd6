/* This thread's last failure. */
#ifndef XENT_CORE_ERRORS_H
#define XENT_CORE_ERRORS_H

#include "xent.h"

/* Writes the message and returns the status, so that a check is one statement. */
#ifdef __GNUC__
__attribute__((cold, format(printf, 2, 3)))
#endif
xent_status
xent_fail(xent_status status, const char *format, ...);

const char *xent_last_message(void);

#endif
