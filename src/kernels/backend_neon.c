/* NEON, which every aarch64 CPU has. */
#include "simd_neon.h"

#include "backend.inc.h"

const struct xent_kernels xent_kernels_neon = XENT_BACKEND_TABLE("neon");
