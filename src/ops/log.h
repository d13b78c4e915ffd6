/* The element-wise natural logarithm: plan and run, after the checks. */
#ifndef XENT_OPS_LOG_H
#define XENT_OPS_LOG_H

#include "args/walk.h"
#include "run/parallel.h"
#include "run/scratch.h"

struct xent_logarithm {
    const struct xent_tensor *x;
    struct xent_tensor *out;

    struct xent_row_shape shape; /* its classes: the elements of a run that both tensors step through evenly */
    ptrdiff_t step_x, step_out;
    struct xent_walk walk; /* over the runs */
    struct xent_parallel parallel;
    struct xent_scratch scratch;
};

xent_status xent_logarithm_plan(struct xent_logarithm *logarithm, const struct xent_settings *settings);
void xent_logarithm_run(struct xent_logarithm *logarithm);

#endif
