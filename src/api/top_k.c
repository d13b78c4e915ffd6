/* Public function: the largest classes. */
#include "ops/top_k.h"

xent_status xent_top_k(const xent_tensor *z, int32_t axis, xent_tensor *index, xent_tensor *logp)
{
    struct xent_top_k_call call;
    call.z = z;
    call.index = index;
    call.logp = logp;
    call.given_axis = axis;
    return xent_call(&xent_top_k_operation, &call);
}
