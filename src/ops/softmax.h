/* softmax, log_softmax and logsumexp over a batch of rows: plan and run, after the checks. */
#ifndef XENT_OPS_SOFTMAX_H
#define XENT_OPS_SOFTMAX_H

#include "args/walk.h"
#include "run/parallel.h"
#include "run/scratch.h"

enum xent_softmax_kind { XENT_SOFTMAX, XENT_LOG_SOFTMAX, XENT_LOGSUMEXP };

struct xent_softmax {
    enum xent_softmax_kind kind;
    const struct xent_tensor *z;
    struct xent_tensor *out;
    int32_t axis;

    struct xent_row_shape shape;
    struct xent_walk walk;
    struct xent_parallel parallel;
    struct xent_scratch scratch;
};

xent_status xent_softmax_plan(struct xent_softmax *softmax, const struct xent_settings *settings);
void xent_softmax_run(struct xent_softmax *softmax);

#endif
