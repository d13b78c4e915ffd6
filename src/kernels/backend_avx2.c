/* AVX2, FMA and F16C. */
#include "simd_avx2.h"

#include "backend.inc.h"

const struct xent_kernels xent_kernels_avx2 = XENT_BACKEND_TABLE("avx2");
