/* Public function: the element-wise natural logarithm. */
#include "ops/log.h"

xent_status xent_log(const xent_tensor *x, xent_tensor *out)
{
    struct xent_logarithm call;
    call.x = x;
    call.out = out;
    return xent_call(&xent_log_operation, &call);
}
