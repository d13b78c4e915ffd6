/* AVX2, FMA and F16C, which nearly every CPU with AVX2 has. */
#include "simd_avx2.h"

#include "backend.inc.h"

const struct xent_kernels xent_kernels_avx2_f16c = XENT_BACKEND_TABLE("avx2");
