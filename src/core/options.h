/* The caller's options: read, completed and checked. No other code looks into the caller's struct. */
#ifndef XENT_CORE_OPTIONS_H
#define XENT_CORE_OPTIONS_H

#include "xent.h"

#define XENT_OPTIONS_MAX_SIZE 4096

/* *options = the given ones, in today's layout; NULL: the defaults. Checks every field's range. */
xent_status xent_options_read(const xent_options *given, xent_options *options);

/* label_smoothing, z_loss, logit_scale and softcap at their defaults? Else `status`, naming the first that is not and `why`. */
xent_status xent_options_plain(const xent_options *options, xent_status status, const char *why);

#endif
