/* The element-wise natural logarithm. Its rows are runs of elements that both tensors step through evenly. */
#ifndef XENT_OPS_LOG_H
#define XENT_OPS_LOG_H

#include "run/drive.h"

struct xent_logarithm {
    const struct xent_tensor *x;
    struct xent_tensor *out;

    /* the plan */
    struct xent_row_type type;       /* its classes: the elements of a run */
    struct xent_line run_x, run_out; /* the run at offset 0 */
    struct xent_walk walk;           /* over the runs */
    size_t copy;                     /* an offset in a task's memory */
};

extern const struct xent_operation xent_log_operation;

#endif
