/* libxent-dnnl: the products of xent_linear_cross_entropy by oneDNN, those of 16 bits too.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * A library of its own (pkg-config xent-dnnl; CMake component dnnl, target xent::dnnl), so that libxent needs none: */
#ifndef XENT_DNNL_H
#define XENT_DNNL_H

#include <xent.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An xent_gemm over oneDNN's matmul: set it as the layer's. user is not looked at. F32; BF16 where the CPU has instructions for it
   (AVX-512, AMX), F16 where this oneDNN can; for others it returns 1, and they are widened by the library. Of F32 and 16 bits, as the
   products of the gradients have them, the F32 operand is rounded to those 16 bits first, in memory of its own, as PyTorch's gradients of
   logits of 16 bits are. Sums are F32. XENT_ERROR_NO_MEMORY. How many threads it uses is oneDNN's affair. */
int xent_dnnl_gemm(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a,
                   int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc);

#ifdef __cplusplus
}
#endif

#endif
