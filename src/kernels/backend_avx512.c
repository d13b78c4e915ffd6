/* AVX-512: F, DQ, BW and VL. */
#include "simd_avx512.h"

#include "backend.inc.h"

const struct xent_kernels xent_kernels_avx512 = XENT_BACKEND_TABLE("avx512");
