/* What the families of losses share: check, plan, run under the library's floating-point environment. */
#ifndef XENT_API_LOSS_H
#define XENT_API_LOSS_H

#include "ops/loss.h"

xent_status xent_loss_compute(struct xent_loss *loss, const xent_options *options);

#endif
