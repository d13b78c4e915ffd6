/* Plain C for any CPU. */
#include "simd_scalar.h"

#include "backend.inc.h"

const struct xent_kernels xent_kernels_scalar = XENT_BACKEND_TABLE("scalar");
