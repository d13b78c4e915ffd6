/* The caller's options: read, completed and checked. No other code looks into the caller's struct. */
#ifndef XENT_ARGS_OPTIONS_H
#define XENT_ARGS_OPTIONS_H

#include "args/errors.h"

#define XENT_MAX_THREADS 4096

/* *options = the given ones, in today's layout; NULL: the defaults. Checks every field's range. */
xent_status xent_options_read(const xent_options *given, xent_options *options);

/* Fails because of this field's value; `expected` ends the message. */
XENT_COLD xent_status xent_options_refuse(const char *field, double value, const char *expected);

/* label_smoothing, z_loss, logit_scale and softcap at their defaults? Else the first that is not is an invalid argument. */
xent_status xent_options_plain(const xent_options *options);

#endif
